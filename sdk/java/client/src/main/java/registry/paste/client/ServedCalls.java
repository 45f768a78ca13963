package registry.paste.client;

import registry.paste.client.session.ServedCounts;

/**
 * Counts the calls that this process serves, for its heartbeats: how many, how many failed, how many at this moment. For
 * middleware of a server. Thread-safe.
 */
public final class ServedCalls {
    private final ServedCounts counts;

    ServedCalls(ServedCounts counts) {
        this.counts = counts;
    }

    /** A call comes in. */
    public void begin() {
        counts.begin();
    }

    /**
     * A call that began was answered.
     *
     * @param failed whether with an error of the server
     */
    public void end(boolean failed) {
        counts.end(failed);
    }
}
