package registry.paste.client.traffic;

import java.util.function.LongSupplier;

/** Full jitter between tries to reach the registry, begun anew after ten seconds of success. */
public final class Backoff {
    private static final long BASE_NANOS = 500_000_000;
    private static final long MAX_NANOS = 30_000_000_000L;
    private static final long RECOVERED_NANOS = 10_000_000_000L;

    private final LongSupplier random;
    private int failures;
    private boolean succeeding;
    private long successSince;

    public Backoff(LongSupplier random) {
        this.random = random;
    }

    /** Things go well. */
    public synchronized void succeeded(long now) {
        if (!succeeding) {
            succeeding = true;
            successSince = now;
        }
    }

    /** It failed: how long to wait before the next try, in nanoseconds. */
    public synchronized long failed(long now) {
        if (succeeding && now - successSince >= RECOVERED_NANOS) {
            failures = 0;
        }
        succeeding = false;
        return delay(failures++, random);
    }

    /** The wait after failure {@code n}, from 0, in nanoseconds. */
    public static long delay(int n, LongSupplier random) {
        return Unsigned.mulhi(random.getAsLong(), doubled(BASE_NANOS, n, MAX_NANOS));
    }

    /** {@code base} doubled {@code n} times, at most {@code max}. */
    static long doubled(long base, int n, long max) {
        long value = base;
        for (int doubling = 0; doubling < n && value < max; doubling++) {
            value = value > max / 2 ? max : value * 2;
        }
        return Math.min(value, max);
    }
}
