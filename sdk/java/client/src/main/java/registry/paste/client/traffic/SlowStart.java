package registry.paste.client.traffic;

import java.util.List;
import registry.paste.client.model.Policy;

/** The share that an endpoint gets which is new or came back: little at first, so that it can warm up. */
final class SlowStart {
    private final long window;
    private final double exponent;
    private final double least;

    /** A policy without a window makes every factor 1. */
    SlowStart(Policy.SlowStart policy) {
        this.window = policy.window() == null ? 0 : policy.window().toNanos();
        this.exponent = 1 / policy.aggression();
        this.least = policy.minWeight() / 100.0;
    }

    boolean covers(Endpoint endpoint, long now) {
        long started = endpoint.slowStartedAt;
        return started != Endpoint.NEVER && now - started < window;
    }

    /** Whether candidates are slowed, and until when that is so. */
    record Phase(boolean slowed, long until) {}

    /** Slow start counts only where at most half of those that may answer are in it. */
    Phase phase(List<Endpoint> eligible, long now) {
        int slow = 0;
        long until = Long.MAX_VALUE;
        if (window > 0) {
            for (Endpoint endpoint : eligible) {
                if (covers(endpoint, now)) {
                    slow++;
                    until = Math.min(until, endpoint.slowStartedAt + window);
                }
            }
        }
        return new Phase(slow > 0 && slow * 2 <= eligible.size(), until);
    }

    double factor(Endpoint endpoint, long now) {
        if (!covers(endpoint, now)) {
            return 1;
        }
        double age = Math.max((now - endpoint.slowStartedAt) / 1e9, 1);
        return Math.max(least, Math.pow(age / (window / 1e9), exponent));
    }
}
