package registry.paste.client.wire;

import java.time.Instant;

/** The two clocks: one that only goes forward, and that of the wall. Handed in, so that tests set them. */
public interface Time {
    /** Nanoseconds since some moment in the past. */
    long nanos();

    /** The time of day, for what outlives the process. */
    Instant now();

    /** The clocks of this machine; {@link #nanos()} counts from now. */
    static Time system() {
        long origin = System.nanoTime();
        return new Time() {
            @Override
            public long nanos() {
                return System.nanoTime() - origin;
            }

            @Override
            public Instant now() {
                return Instant.now();
            }
        };
    }
}
