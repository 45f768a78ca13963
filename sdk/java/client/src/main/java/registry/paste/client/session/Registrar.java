package registry.paste.client.session;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import registry.paste.client.traffic.Backoff;
import registry.paste.client.wire.Addresses;
import registry.paste.client.wire.Answer;
import registry.paste.client.wire.Failures;
import registry.paste.client.wire.Hooks;
import registry.paste.client.wire.LocalAddress;
import registry.paste.client.wire.Time;
import registry.paste.client.wire.Transport;

/**
 * Makes the registry's picture of this process what it should be, on a thread of its own: registrations until they are there,
 * removals until they are done, acknowledgements of configuration.
 */
public final class Registrar implements Runnable {
    private static final Set<Integer> FINAL = Set.of(400, 401, 403, 409, 413, 422);
    private static final int ACKS_MAX = 1000;
    private static final int ERROR_BYTES_MAX = 1024;

    private final SessionContext context;
    private final Transport transport;
    private final Time time;
    private final Hooks hooks;
    private final Backoff backoff;
    private final Runnable onRegisteredAgain;
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private final Map<String, Map<String, Object>> acks = new LinkedHashMap<>();
    private final Thread thread = new Thread(this, "paste-registry-registrar");
    private boolean started;
    private boolean closed;
    private boolean again;
    private volatile boolean alive;
    /** Whether the registry may know the session. */
    private volatile boolean everSent;

    public Registrar(SessionContext context, Runnable onRegisteredAgain) {
        this.context = context;
        this.transport = context.transport();
        this.time = context.time();
        this.hooks = context.hooks();
        this.backoff = new Backoff(context.random());
        this.onRegisteredAgain = onRegisteredAgain;
        this.thread.setDaemon(true);
    }

    String sessionPath() {
        return "sessions/" + Transport.escape(context.session());
    }

    /** Registers, in place of what the entry's id stood for before. */
    public synchronized void add(Entry entry) {
        entries.put(entry.path(), entry);
        wake();
    }

    /** Says another status of an instance. */
    public synchronized void status(Entry entry, String word) {
        entry.status(word);
        entry.advance(Entry.State.PENDING, Entry.State.TAKEN);
        wake();
    }

    /** Acknowledges a release; {@code error} is null where it was applied. */
    public synchronized void acknowledge(String name, long release, String error) {
        if (acks.size() >= ACKS_MAX && !acks.containsKey(name)) {
            return;
        }
        int slash = name.indexOf('/');
        Map<String, Object> ack = new LinkedHashMap<>();
        ack.put("group", name.substring(0, slash));
        ack.put("key", name.substring(slash + 1));
        ack.put("release", release);
        if (error != null) {
            ack.put("error", Failures.cut(error, ERROR_BYTES_MAX));
        }
        acks.put(name, ack);
        wake();
    }

    /** The registry doesn't know this session any more: everything is registered again. */
    public synchronized void forgotten() {
        alive = false;
        for (Entry entry : entries.values()) {
            again |= entry.forgotten();
        }
        wake();
    }

    void alive(boolean taken) {
        alive = taken;
    }

    /** Whether the last registration or heartbeat was taken. */
    public boolean isAlive() {
        return alive;
    }

    /** Whether something is registered. */
    public synchronized boolean anyThere() {
        return entries.values().stream().anyMatch(Entry::there);
    }

    private void wake() {
        if (!started && !closed) {
            started = true;
            thread.start();
        }
        notifyAll();
    }

    @Override
    public void run() {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                long delay = work(awaitWork());
                if (delay > 0) {
                    Thread.sleep(delay / 1_000_000, (int) (delay % 1_000_000));
                }
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    /** Something to do: an entry, or null for acknowledgements. */
    private synchronized Entry awaitWork() throws InterruptedException {
        while (true) {
            for (Entry entry : entries.values()) {
                if (entry.state() == Entry.State.PENDING || entry.state() == Entry.State.REMOVING) {
                    return entry;
                }
            }
            if (again) {
                again = false;
                onRegisteredAgain.run();
            }
            if (!acks.isEmpty()) {
                return null;
            }
            wait();
        }
    }

    /** Does it; how long to wait before the next. */
    private long work(Entry entry) throws InterruptedException {
        String reason;
        long retryAfter = 0;
        try {
            Answer answer = entry == null ? sendAcks() : send(entry);
            if (answer == null || !answer.failed()) {
                backoff.succeeded(time.nanos());
                return 0;
            }
            reason = answer.detail();
            retryAfter = answer.retryAfterNanos();
        } catch (IOException failure) {
            reason = Failures.words(failure);
        }
        if (entry != null) {
            alive = false;
        }
        long delay = Math.max(retryAfter, backoff.failed(time.nanos()));
        hooks.emit("retrying", Map.of("what", "registration", "reason", reason, "delay_ms", delay / 1_000_000));
        return delay;
    }

    private Answer send(Entry entry) throws IOException, InterruptedException {
        if (entry.state() == Entry.State.REMOVING) {
            Answer answer = transport.call("DELETE", entry.path(), null, context.requestTimeout());
            if (!answer.failed()) {
                removed(entry);
            }
            return answer;
        }
        Map<String, Object> said = entry.body();
        Map<String, Object> body = withAddress(said);
        everSent = true;
        Answer answer =
                transport.call("PUT", entry.path(), body, context.requestTimeout(), taken -> taken.names(entry.id()));
        if (answer.ok()) {
            alive = true;
            entry.arrived();
            // Where the status changed meanwhile, this is not what is to be there.
            if (entry.body().equals(said) && entry.advance(Entry.State.TAKEN, Entry.State.PENDING)) {
                hooks.emit("registered", Map.of("service", entry.service(), "id", entry.id()));
            }
        } else if (!answer.failed() && FINAL.contains(answer.status())) {
            entry.refuse(answer);
            System.getLogger("registry.paste.client")
                    .log(
                            System.Logger.Level.ERROR,
                            "the registry refuses " + entry.service() + " " + entry.id() + ": " + answer.detail());
        } else if (!answer.failed()) {
            throw new IOException("status " + answer.status() + " to a registration: " + answer.detail());
        }
        return answer;
    }

    /** With the address towards the node in use where none was said: it may be another one with each try. */
    private Map<String, Object> withAddress(Map<String, Object> said) throws IOException {
        Map<String, Object> body = new LinkedHashMap<>(said);
        if (!body.containsKey("address")) {
            Addresses.Node node = transport.addresses().current();
            try {
                body.put("address", LocalAddress.towards(node.uri()));
            } catch (IOException unknown) {
                transport.addresses().failed(node);
                throw unknown;
            }
        }
        return body;
    }

    private synchronized void removed(Entry entry) {
        entries.remove(entry.path(), entry);
        entry.advance(Entry.State.REMOVED, Entry.State.REMOVING);
        hooks.emit("deregistered", Map.of("service", entry.service(), "id", entry.id()));
    }

    private Answer sendAcks() throws IOException, InterruptedException {
        Map<String, Map<String, Object>> sent;
        synchronized (this) {
            sent = new LinkedHashMap<>(acks);
        }
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("session", context.session());
        body.put("acks", new ArrayList<>(sent.values()));
        Answer answer = transport.call("POST", "configs/acks", body, context.requestTimeout());
        if (!answer.failed()) {
            // 404 is the answer to a session that isn't registered: nobody asks what it has applied.
            synchronized (this) {
                sent.forEach(acks::remove);
            }
        }
        return answer;
    }

    /** Drains one registration, then removes it; waits for that at most the time of a request. */
    public void remove(Entry entry, Duration drainDelay) throws InterruptedException {
        if (entry.there() && drain(entry, context.requestTimeout())) {
            Thread.sleep(drainDelay.toMillis());
        }
        if (entry.advance(Entry.State.REMOVING, Entry.State.TAKEN, Entry.State.PENDING, Entry.State.REFUSED)) {
            synchronized (this) {
                notifyAll();
            }
        }
        entry.awaitRemoved(context.requestTimeout());
    }

    private boolean drain(Entry entry, Duration limit) throws InterruptedException {
        entry.status("draining");
        try {
            return transport
                    .call("PATCH", entry.path(), Map.of("status", "draining"), limit)
                    .ok();
        } catch (IOException unreachable) {
            return false;
        }
    }

    /**
     * Drains all registrations, ends the session and then the thread.
     *
     * @param drainDelay how long others have to notice
     * @param deadline when all of it has to be over, of {@link Time#nanos()}
     */
    public void close(Duration drainDelay, long deadline) throws InterruptedException {
        List<Entry> there;
        synchronized (this) {
            closed = true;
            there = entries.values().stream().filter(Entry::there).toList();
        }
        boolean drained = false;
        for (Entry entry : there) {
            drained |= drain(entry, limit(deadline));
        }
        if (drained) {
            Thread.sleep(Math.min(drainDelay.toMillis(), limit(deadline).toMillis()));
        }
        // First the thread, so that it doesn't register anew what ends.
        thread.interrupt();
        thread.join(limit(deadline).toMillis());
        if (everSent) {
            end(deadline);
        }
    }

    /** Until it is done or the time is up; then the session ends by its ttl. */
    private void end(long deadline) throws InterruptedException {
        Backoff between = new Backoff(context.random());
        while (time.nanos() < deadline) {
            try {
                Answer answer = transport.call("DELETE", sessionPath(), null, limit(deadline));
                if (!answer.failed()) {
                    hooks.emit("deregistered", Map.of("session", context.session()));
                    return;
                }
            } catch (IOException unreachable) {
                // The next node may be there.
            }
            long wait = Math.min(between.failed(time.nanos()), Math.max(0, deadline - time.nanos()));
            Thread.sleep(wait / 1_000_000, (int) (wait % 1_000_000));
        }
    }

    private Duration limit(long deadline) {
        long left = Math.max(1_000_000, deadline - time.nanos());
        return Duration.ofNanos(Math.min(left, context.requestTimeout().toNanos()));
    }
}
