package registry.paste.client.wire;

import java.time.Instant;

/** Clocks that stand until they are moved. */
public final class FakeTime implements Time {
    private volatile long nanos;
    private volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");

    @Override
    public long nanos() {
        return nanos;
    }

    @Override
    public Instant now() {
        return now;
    }

    /** Moves both. */
    public void pass(long milliseconds) {
        nanos += milliseconds * 1_000_000;
        now = now.plusMillis(milliseconds);
    }

    /** Sets the wall's alone, as somebody does who sets the clock. */
    public void wall(Instant set) {
        now = set;
    }
}
