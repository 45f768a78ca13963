package registry.paste.client.traffic;

import java.util.function.LongSupplier;
import registry.paste.client.model.Policy;

/**
 * Keeps retries a share of what is tried first, so that they don't finish off a service that is down. Thread-safe. Counts in
 * integers, the definition's terms times {@code budget}: a try deposits {@code budget}, a retry costs 100.
 */
public final class RetryBudget {
    private static final int SLOTS = 10;
    private static final long SLOT_NANOS = 1_000_000_000;

    private static final long COST = 100;

    private final long deposit;
    private final long reserve;
    private final long[] balances = new long[SLOTS];
    private long slot;

    public RetryBudget(Policy.Retries policy) {
        this.deposit = policy.budget();
        this.reserve = (long) policy.minPerSecond() * SLOTS * COST;
    }

    /** A first try is made. */
    public synchronized void deposit(long now) {
        advance(now);
        balances[index(slot)] += deposit;
    }

    /** Whether a retry may be made; if so, it is paid for. */
    public synchronized boolean withdraw(long now) {
        advance(now);
        if (balance() < COST) {
            return false;
        }
        balances[index(slot)] -= COST;
        return true;
    }

    private long balance() {
        long sum = reserve;
        for (long balance : balances) {
            sum += balance;
        }
        return sum;
    }

    private void advance(long now) {
        long current = Math.floorDiv(now, SLOT_NANOS);
        for (long next = Math.max(slot + 1, current - SLOTS + 1); next <= current; next++) {
            balances[index(next)] = 0;
        }
        slot = Math.max(slot, current);
    }

    private static int index(long slot) {
        return (int) Math.floorMod(slot, (long) SLOTS);
    }

    /** The wait before retry {@code n}, from 0, in nanoseconds. */
    public static long backoff(Policy.Retries policy, int n, LongSupplier random) {
        return Unsigned.mulhi(
                random.getAsLong(),
                Backoff.doubled(
                                policy.backoffBase().toNanos(),
                                n,
                                policy.backoffMax().toNanos())
                        + 1);
    }
}
