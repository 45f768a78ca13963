package registry.paste.testing;

import java.util.concurrent.Callable;

/** Waits for what can be seen, as long as a busy machine may need. */
public final class Await {
    private static final long LIMIT_NANOS = 40_000_000_000L;
    private static final long STEP_MILLIS = 10;

    private Await() {}

    /** Waits until {@code condition} holds; a failure that says {@code what} if it doesn't in time. */
    public static void until(String what, Callable<Boolean> condition) {
        long end = System.nanoTime() + LIMIT_NANOS;
        try {
            while (!condition.call()) {
                if (System.nanoTime() > end) {
                    throw new AssertionError("in vain waited until " + what);
                }
                Thread.sleep(STEP_MILLIS);
            }
        } catch (Exception failure) {
            throw new AssertionError("while waiting until " + what, failure);
        }
    }
}
