package registry.paste.client.traffic;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import registry.paste.client.model.Policy;

/** Leaves endpoints alone for a while whose calls fail: after failures in a row, or a share of failures. Thread-safe. */
public final class OutlierDetector {
    private final Policy.OutlierDetection policy;
    private final Consumer<Endpoint> onEjected;
    private Endpoint[] endpoints;
    private boolean begun;
    private long began;

    /** When something may change though no call comes back. */
    private volatile long nextTurn = Long.MAX_VALUE;
    /** Grows with each ejection, so that what was derived from them can be kept until then. */
    private volatile long version;

    /**
     * For the endpoints of one service.
     *
     * @param policy what holds
     * @param endpoints all of the service's, in id order
     * @param onEjected is told of each that is ejected; must not wait
     */
    public OutlierDetector(Policy.OutlierDetection policy, Endpoint[] endpoints, Consumer<Endpoint> onEjected) {
        this.policy = policy;
        this.endpoints = endpoints;
        this.onEjected = onEjected;
    }

    /** The same with another policy or other endpoints; intervals and ejections go on. */
    synchronized OutlierDetector with(Policy.OutlierDetection changed, Endpoint[] now) {
        if (changed.equals(policy)) {
            members(now);
            return this;
        }
        OutlierDetector successor = new OutlierDetector(changed, now, onEjected);
        successor.begun = begun;
        successor.began = began;
        successor.version = version + 1;
        successor.nextTurn = begun ? began + changed.interval().toNanos() : Long.MAX_VALUE;
        return successor;
    }

    /** From now on these are all endpoints. */
    public synchronized void members(Endpoint[] now) {
        endpoints = now;
        version++;
    }

    long version() {
        return version;
    }

    /** Before a decision: ends the interval if it is over. */
    public void turn(long now) {
        if (now >= nextTurn) {
            turnUnderLock(now);
        }
    }

    private synchronized void turnUnderLock(long now) {
        if (!begun || now < nextTurn) {
            return;
        }
        failing(now).forEach(endpoint -> eject(endpoint, now));
        for (Endpoint endpoint : endpoints) {
            Endpoint.Outcomes outcomes = endpoint.outcomes;
            if (endpoint.ejectedUntil <= began) {
                outcomes.ejections = Math.max(outcomes.ejections - 1, 0);
            }
            outcomes.inInterval = 0;
            outcomes.failuresInInterval = 0;
        }
        begin(now);
    }

    private void begin(long now) {
        begun = true;
        began = now;
        nextTurn = now + policy.interval().toNanos();
    }

    private List<Endpoint> failing(long now) {
        List<Endpoint> judged = new ArrayList<>();
        for (Endpoint endpoint : endpoints) {
            if (!endpoint.ejected(now) && endpoint.outcomes.inInterval >= policy.failurePercentageRequests()) {
                judged.add(endpoint);
            }
        }
        if (policy.failurePercentage() == 0 || judged.size() < policy.failurePercentageHosts()) {
            return List.of();
        }
        judged.removeIf(endpoint ->
                endpoint.outcomes.failuresInInterval * 100 < policy.failurePercentage() * endpoint.outcomes.inInterval);
        return judged;
    }

    /** A call came back. */
    public void outcome(Endpoint endpoint, boolean success, long now) {
        turn(now);
        synchronized (this) {
            if (!begun) {
                begin(now);
            }
            Endpoint.Outcomes outcomes = endpoint.outcomes;
            outcomes.inInterval++;
            if (success) {
                outcomes.consecutiveFailures = 0;
                return;
            }
            outcomes.failuresInInterval++;
            outcomes.consecutiveFailures++;
            if (outcomes.consecutiveFailures == policy.consecutiveFailures()) {
                outcomes.consecutiveFailures = 0;
                eject(endpoint, now);
            }
        }
    }

    private void eject(Endpoint endpoint, long now) {
        int ejected = 0;
        for (Endpoint other : endpoints) {
            ejected += other.ejected(now) ? 1 : 0;
        }
        boolean allowed = ejected == 0 || (ejected + 1) * 100L <= (long) policy.maxEjected() * endpoints.length;
        if (endpoint.ejected(now) || policy.maxEjected() == 0 || !allowed || ejected + 1 >= endpoints.length) {
            return;
        }
        long base = policy.baseEjection().toNanos();
        long longest = Math.max(base, policy.maxEjection().toNanos());
        endpoint.outcomes.ejections++;
        long length = endpoint.outcomes.ejections > longest / Math.max(base, 1)
                ? longest
                : Math.min(base * endpoint.outcomes.ejections, longest);
        endpoint.ejectedUntil = now + length;
        version++;
        onEjected.accept(endpoint);
    }
}
