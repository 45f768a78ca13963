package registry.paste.client.traffic;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import registry.paste.client.model.Instance;
import registry.paste.client.model.Outcome;
import registry.paste.client.model.Policy;

/**
 * Chooses among the members of one service, and learns from what becomes of the calls. Thread-safe; deciding takes no lock
 * but for smooth weighted round robin. Times are nanoseconds of one monotonic clock.
 */
public final class Decider {
    private final String zone;
    private final String region;
    private final LongSupplier random;
    private final Consumer<Endpoint> onEjected;
    private volatile View view;

    /**
     * Nothing is known yet.
     *
     * @param zone the caller's, or null
     * @param region the caller's, or null
     * @param random the next random number; called by many threads
     * @param onEjected is told of each endpoint that is ejected; must not wait
     */
    public Decider(String zone, String region, LongSupplier random, Consumer<Endpoint> onEjected) {
        this.zone = zone;
        this.region = region;
        this.random = random;
        this.onEjected = onEjected;
    }

    String zone() {
        return zone;
    }

    String region() {
        return region;
    }

    LongSupplier random() {
        return random;
    }

    /** Those who may answer; none before the first update. */
    public List<Instance> eligible() {
        View current = view;
        return current == null
                ? List.of()
                : Arrays.stream(current.endpoints)
                        .filter(Endpoint::eligible)
                        .map(Endpoint::instance)
                        .toList();
    }

    /** What is known of the members. */
    Endpoint[] endpoints() {
        return view.endpoints;
    }

    /** From now on these are the members, in id order; what is known of those that stay is kept. */
    public synchronized void update(List<Instance> members, boolean isProtected, Policy policy, long now) {
        View before = view;
        Map<String, Endpoint> known = new HashMap<>();
        if (before != null) {
            for (Endpoint endpoint : before.endpoints) {
                known.put(endpoint.id(), endpoint);
            }
        }
        Endpoint[] endpoints = new Endpoint[members.size()];
        for (int index = 0; index < endpoints.length; index++) {
            Instance member = members.get(index);
            endpoints[index] =
                    endpoint(member, known.get(member.id()), Eligibility.isEligible(member, isProtected), now);
            if (before == null) {
                endpoints[index].slowStartedAt = Endpoint.NEVER;
            }
        }
        OutlierDetector detector = before == null
                ? new OutlierDetector(policy.outlierDetection(), endpoints, onEjected)
                : before.detector.with(policy.outlierDetection(), endpoints);
        view = new View(endpoints, policy, detector, this);
    }

    /** An endpoint whose address or port changed is a new one. */
    private static Endpoint endpoint(Instance member, Endpoint known, boolean eligible, long now) {
        boolean same = known != null && known.instance().authority().equals(member.authority());
        Endpoint endpoint = same ? known : new Endpoint(member);
        if (!same || (eligible && !endpoint.eligible())) {
            endpoint.slowStartedAt = now;
        }
        endpoint.update(member);
        endpoint.eligible(eligible);
        return endpoint;
    }

    /** One endpoint, or why there is none. Needs an update first. */
    public Decision decide(Ask ask, long now) {
        return view.decide(ask, now);
    }

    /** How a decision came about, step by step, in words for a person. */
    public List<String> explain(Ask ask, Decision decision) {
        return view.explain(ask, decision);
    }

    /**
     * A call came back.
     *
     * @param endpoint where it went
     * @param outcome how it ended
     * @param rtt how long it took, in nanoseconds; negative where that isn't known
     */
    public void outcome(Endpoint endpoint, Outcome outcome, long rtt, long now) {
        View current = view;
        if (outcome == Outcome.FAILURE || outcome == Outcome.OVERLOADED) {
            current.costs.failed(endpoint, Math.max(rtt, 0), now);
        } else if (rtt >= 0) {
            current.costs.succeeded(endpoint, rtt, now);
        }
        current.detector.outcome(endpoint, outcome != Outcome.FAILURE, now);
    }
}
