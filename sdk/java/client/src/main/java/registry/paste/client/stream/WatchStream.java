package registry.paste.client.stream;

import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import registry.paste.client.json.JsonException;
import registry.paste.client.traffic.Backoff;
import registry.paste.client.wire.EventReader;
import registry.paste.client.wire.EventReader.ServerEvent;
import registry.paste.client.wire.Failures;
import registry.paste.client.wire.Transport;

/** One stream: opens it, reads it, and opens it again when it ends, on a thread of its own, until it is stopped. */
final class WatchStream implements Runnable {
    private static final long SILENCE_MAX_NANOS = 45_000_000_000L;

    private final StreamContext context;
    private final WatchGroup group;
    private final Backoff backoff;
    private final Thread thread;

    private volatile boolean stopped;
    private volatile boolean moving;
    private volatile InputStream open;
    private volatile long lastByte;
    private volatile String lastFailure;

    private WatchGroup.Subscriptions subscriptions;
    private String lastEventId;

    WatchStream(StreamContext context, WatchGroup group, String threadName) {
        this.context = context;
        this.group = group;
        this.backoff = new Backoff(context.random());
        this.thread = new Thread(this, threadName);
        this.thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    boolean isOpen() {
        return open != null;
    }

    /** Why there is no stream; null where nothing failed. */
    String lastFailure() {
        return lastFailure;
    }

    /** Ends it for good. */
    void stop() {
        stopped = true;
        closeQuietly(open);
        thread.interrupt();
    }

    void join(long milliseconds) throws InterruptedException {
        thread.join(Math.max(1, milliseconds));
    }

    /** Goes on at another node. */
    void move() {
        InputStream current = open;
        if (current != null) {
            moving = true;
            closeQuietly(current);
        }
    }

    /** Ends the connection if nothing came for too long. */
    void checkSilence(long now) {
        InputStream current = open;
        if (current != null && now - lastByte > SILENCE_MAX_NANOS) {
            lastFailure = "nothing came for 45 s";
            closeQuietly(current);
        }
    }

    @Override
    public void run() {
        while (!stopped) {
            long retryAfter = 0;
            try {
                readOnce();
                lastFailure = "the stream ended";
            } catch (Transport.RefusedException refused) {
                retryAfter = refused.retryAfterNanos();
                lastFailure = Failures.words(refused);
                if (refused.notRegistered()) {
                    context.onUnregistered().run();
                }
            } catch (IOException failure) {
                lastFailure = Failures.words(failure);
            } catch (JsonException unreadable) {
                lastFailure = "the stream can't be read: " + unreadable.getMessage();
                lastEventId = null;
            } catch (InterruptedException stopping) {
                return;
            }
            if (!stopped && !pause(retryAfter)) {
                return;
            }
        }
    }

    private boolean pause(long retryAfter) {
        if (moving) {
            moving = false;
            return true;
        }
        long delay = Math.max(retryAfter, backoff.failed(context.time().nanos()));
        context.hooks()
                .emit("retrying", Map.of("what", "stream", "reason", lastFailure, "delay_ms", delay / 1_000_000));
        try {
            Thread.sleep(delay / 1_000_000, (int) (delay % 1_000_000));
            return true;
        } catch (InterruptedException stopping) {
            return false;
        }
    }

    private void readOnce() throws IOException, InterruptedException {
        WatchGroup.Subscriptions wanted = group.subscriptions();
        if (!wanted.equals(subscriptions)) {
            // What is new needs its snapshot.
            lastEventId = null;
            subscriptions = wanted;
        }
        moving = false;
        Transport.EventStream stream = context.transport().watch(body(wanted), lastEventId, context.requestTimeout());
        try (InputStream bytes = stream.bytes()) {
            lastByte = context.time().nanos();
            open = bytes;
            if (!stopped && stream.node().equals(context.transport().addresses().current())) {
                connected(stream, wanted);
                read(bytes, wanted.services());
            } else {
                moving = true;
            }
        } finally {
            // Closed before the node is said to have failed: only what is open has to move.
            open = null;
            if (!stopped) {
                context.hooks()
                        .emit("disconnected", Map.of("url", stream.node().uri().toString()));
                if (!moving) {
                    context.transport().addresses().failed(stream.node());
                }
            }
        }
    }

    private void connected(Transport.EventStream stream, WatchGroup.Subscriptions wanted) {
        lastFailure = null;
        backoff.succeeded(context.time().nanos());
        context.copy().heard();
        context.hooks().emit("connected", Map.of("url", stream.node().uri().toString()));
        group.opened(this, wanted);
    }

    private void read(InputStream bytes, List<String> services) throws IOException {
        EventSink sink = new EventSink(context.copy(), services, lastEventId);
        EventReader reader = new EventReader(bytes, count -> {
            lastByte = context.time().nanos();
            context.copy().heard();
        });
        for (ServerEvent event = reader.next(); event != null && !stopped; event = reader.next()) {
            sink.accept(event);
            lastEventId = sink.lastEventId();
            if ("reset".equals(event.type())) {
                context.hooks().emit("reset", Map.of());
            }
        }
    }

    private Map<String, Object> body(WatchGroup.Subscriptions wanted) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("services", wanted.services());
        body.put("configs", wanted.configs());
        if (context.registered().get() || !wanted.configs().isEmpty()) {
            body.put("session", context.session());
        }
        if (context.zone() != null) {
            body.put("zone", context.zone());
        }
        body.put("labels", context.labels());
        return body;
    }

    private static void closeQuietly(InputStream stream) {
        if (stream == null) {
            return;
        }
        try {
            stream.close();
        } catch (IOException alreadyBroken) {
            // It is to end, and it has.
        }
    }
}
