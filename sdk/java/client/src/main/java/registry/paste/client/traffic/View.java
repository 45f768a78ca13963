package registry.paste.client.traffic;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import registry.paste.client.model.Policy;

/** The members and the policy of a service at one time, and all that was derived from them. Makes the decisions. */
final class View {
    /** Selectors whose members are kept; who asks for more different ones pays for deriving them again. */
    private static final int SELECTORS_MAX = 256;

    private static final Decision NO_INSTANCES = Decision.refused(Refusal.NO_INSTANCES);
    private static final Decision NONE_ELIGIBLE = Decision.refused(Refusal.NONE_ELIGIBLE);
    private static final Decision NONE_MATCH = Decision.refused(Refusal.NONE_MATCH);
    private static final Decision ALL_EJECTED = Decision.refused(Refusal.ALL_EJECTED);

    final Endpoint[] endpoints;
    final Policy policy;
    final OutlierDetector detector;
    final PeakEwma costs;

    private final Subsets subsets;
    private final SlowStart slowStart;
    private final String zone;
    private final String region;
    private final LongSupplier random;
    private final Object roundRobin;
    private final Asked all;
    private final Map<Selector, Asked> asked = new ConcurrentHashMap<>();
    private volatile SlowStart.Phase phase = new SlowStart.Phase(false, Long.MIN_VALUE);

    View(Endpoint[] endpoints, Policy policy, OutlierDetector detector, Decider decider) {
        this.endpoints = endpoints;
        this.policy = policy;
        this.detector = detector;
        this.costs = new PeakEwma(policy.balancer().decay().toNanos(), () -> endpoints);
        this.zone = decider.zone();
        this.region = decider.region();
        this.random = decider.random();
        this.roundRobin = decider;
        this.subsets = new Subsets(policy, zone, region);
        this.slowStart = new SlowStart(policy.slowStart());
        this.all = asked(Selector.ALL);
    }

    private Asked asked(Selector selector) {
        return new Asked(selector, endpoints, subsets, policy, zone, region);
    }

    Decision decide(Ask ask, long now) {
        detector.turn(now);
        if (endpoints.length == 0) {
            return NO_INSTANCES;
        }
        if (!all.hasEligible()) {
            return NONE_ELIGIBLE;
        }
        Asked matching = matching(ask.selector());
        if (!matching.hasEligible()) {
            return NONE_MATCH;
        }
        int subset = matching.subset(ask, random);
        SlowStart.Phase slow = phase(now);
        Group.Plan plan = matching.group(subset)
                .plan(now, detector.version(), policy.locality(), slow.slowed() ? slowStart : null, slow.until());
        int drawn = plan.locality().draw(random);
        int priority = drawn < 0 ? plan.panicPriority() : drawn;
        if (priority < 0) {
            return ALL_EJECTED;
        }
        Pool pool = plan.pools()[priority].without(ask.tried());
        return new Decision(
                balance(pool, ask, now), null, subset < 0 ? null : subsets.name(subset), plan.names()[priority]);
    }

    List<String> explain(Ask ask, Decision decision) {
        Asked matching = matching(ask.selector());
        return List.of(
                "eligible: " + all.eligibleCount() + " of " + endpoints.length,
                "asked for: " + matching.eligibleCount(),
                "subset: " + (decision.subset() == null ? "none" : decision.subset()),
                "priority: " + decision.priority(),
                "tried: " + String.join(", ", ask.tried()),
                "balancer: " + policy.balancer().kind().name().toLowerCase(Locale.ROOT),
                "picked: " + decision.endpoint().id());
    }

    private Asked matching(Selector selector) {
        if (selector == Selector.ALL) {
            return all;
        }
        Asked matching = asked.get(selector);
        if (matching == null) {
            if (asked.size() >= SELECTORS_MAX) {
                asked.clear();
            }
            matching = asked(selector);
            asked.put(selector, matching);
        }
        return matching;
    }

    private Endpoint balance(Pool pool, Ask ask, long now) {
        if (pool.size() == 1) {
            return pool.get(0);
        }
        return switch (policy.balancer().kind()) {
            case WEIGHTED_RANDOM -> pool.get(Balancers.weightedRandom(pool, now, random));
            case SMOOTH_WRR -> {
                synchronized (roundRobin) {
                    yield pool.get(Balancers.smoothRoundRobin(pool, now));
                }
            }
            case LEAST_REQUEST -> pool.get(Balancers.leastRequest(pool, now, random));
            case PEAK_EWMA -> pool.get(Balancers.peakEwma(pool, costs, now, random));
            case RING_HASH -> Balancers.ringHash(pool, policy.balancer().ringSize(), hashKey(ask));
            case RENDEZVOUS -> Balancers.rendezvous(pool, hashKey(ask));
        };
    }

    private String hashKey(Ask ask) {
        String header = policy.balancer().hashHeader();
        String value = header == null ? null : ask.header(header.toLowerCase(Locale.ROOT));
        if (value == null) {
            value = ask.hashKey();
        }
        return value == null ? String.format("%016x", random.getAsLong()) : value;
    }

    private SlowStart.Phase phase(long now) {
        SlowStart.Phase current = phase;
        if (now >= current.until()) {
            current = slowStart.phase(
                    Arrays.stream(endpoints).filter(Endpoint::eligible).toList(), now);
            phase = current;
        }
        return current;
    }
}
