package registry.paste.client.session;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import registry.paste.client.wire.Answer;
import registry.paste.client.wire.Transport;

/** One registration: what is to be said, and how far that has come. */
public final class Entry {
    private final String service;
    private final String id;
    private final Map<String, Object> body;
    private final CountDownLatch settled = new CountDownLatch(1);
    private final CountDownLatch removed = new CountDownLatch(1);
    private State state = State.PENDING;
    private boolean there;
    private Answer refusal;

    /** How far it has come. */
    enum State {
        PENDING,
        TAKEN,
        REFUSED,
        REMOVING,
        REMOVED
    }

    public Entry(String service, String id, Map<String, Object> body) {
        this.service = service;
        this.id = id;
        this.body = new LinkedHashMap<>(body);
    }

    public String service() {
        return service;
    }

    public String id() {
        return id;
    }

    String path() {
        return "services/" + Transport.escape(service) + "/instances/" + Transport.escape(id);
    }

    synchronized Map<String, Object> body() {
        return new LinkedHashMap<>(body);
    }

    synchronized void status(String word) {
        body.put("status", word);
    }

    synchronized State state() {
        return state;
    }

    /** Goes on from one of {@code from}; whether it was there. */
    synchronized boolean advance(State to, State... from) {
        for (State one : from) {
            if (state == one) {
                state = to;
                there &= to != State.REFUSED && to != State.REMOVED;
                if (to == State.TAKEN || to == State.REFUSED) {
                    settled.countDown();
                }
                if (to == State.REMOVED) {
                    settled.countDown();
                    removed.countDown();
                }
                return true;
            }
        }
        return false;
    }

    synchronized void refuse(Answer answer) {
        refusal = answer;
        advance(State.REFUSED, State.PENDING);
    }

    /** What the registry answered when it refused; null unless it did. */
    public synchronized Answer refusal() {
        return refusal;
    }

    /** The registry has it, though perhaps not yet with the status that is wanted. */
    synchronized void arrived() {
        there = true;
    }

    /** The registry has it no more: it is to be registered again. Whether it was there. */
    synchronized boolean forgotten() {
        boolean was = there;
        there = false;
        advance(State.PENDING, State.TAKEN);
        return was;
    }

    /** Whether the registry has it, as far as is known. */
    public synchronized boolean there() {
        return there;
    }

    /** Waits until it was taken or refused for the first time. */
    public boolean awaitSettled(Duration limit) throws InterruptedException {
        return settled.await(limit.toNanos(), TimeUnit.NANOSECONDS);
    }

    boolean awaitRemoved(Duration limit) throws InterruptedException {
        return removed.await(limit.toNanos(), TimeUnit.NANOSECONDS);
    }
}
