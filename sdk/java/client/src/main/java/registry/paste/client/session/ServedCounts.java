package registry.paste.client.session;

import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** Calls that this process serves, where somebody counts them. Thread-safe. */
public final class ServedCounts {
    private final AtomicLong requests = new AtomicLong();
    private final AtomicLong errors = new AtomicLong();
    private final AtomicLong inFlight = new AtomicLong();
    private long requestsReported;
    private long errorsReported;
    private volatile boolean used;

    /** One begins. */
    public void begin() {
        used = true;
        inFlight.incrementAndGet();
    }

    /** One is over. */
    public void end(boolean error) {
        inFlight.decrementAndGet();
        if (error) {
            errors.incrementAndGet();
        }
        requests.incrementAndGet();
    }

    /** Adds what a heartbeat says of it; what is to run when it was taken. */
    synchronized Runnable report(Map<String, Object> json) {
        if (!used) {
            return () -> {};
        }
        long requestsNow = requests.get();
        long errorsNow = errors.get();
        json.put("in_flight", Math.max(0, inFlight.get()));
        json.put("requests", requestsNow - requestsReported);
        json.put("errors", Math.min(errorsNow - errorsReported, requestsNow - requestsReported));
        return () -> taken(requestsNow, errorsNow);
    }

    private synchronized void taken(long requestsNow, long errorsNow) {
        requestsReported = requestsNow;
        errorsReported = errorsNow;
    }
}
