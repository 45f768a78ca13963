package registry.paste.client.traffic;

import java.util.Arrays;
import java.util.Collection;

/** The candidates of a decision, in id order, with the weights that count. */
public final class Pool {
    private final Endpoint[] candidates;
    private final SlowStart slowStart;
    private final Endpoint[] endpoints;
    private final double[] weights;
    private final boolean sameWeights;
    /** The pool of which this one is what hasn't been tried; null for one that is whole. */
    private final Pool whole;

    private volatile double[] cumulative;
    private volatile HashRing ring;

    /**
     * For balancers to choose from.
     *
     * @param endpoints the candidates
     * @param weights their weights, above 0
     */
    public Pool(Endpoint[] endpoints, double[] weights) {
        this(endpoints, endpoints, weights, null, null);
    }

    private Pool(Endpoint[] candidates, Endpoint[] endpoints, double[] weights, SlowStart slowStart, Pool whole) {
        this.candidates = candidates;
        this.endpoints = endpoints;
        this.weights = weights;
        this.slowStart = slowStart;
        this.whole = whole;
        this.sameWeights = Arrays.stream(weights).allMatch(weight -> weight == weights[0]);
    }

    /** Without candidates of weight 0, unless that leaves none; slowed by {@code slowStart}, if it isn't null. */
    static Pool of(Endpoint[] candidates, SlowStart slowStart) {
        return of(candidates, slowStart, null);
    }

    private static Pool of(Endpoint[] candidates, SlowStart slowStart, Pool whole) {
        Endpoint[] weighted = Arrays.stream(candidates)
                .filter(candidate -> candidate.instance().weight() > 0)
                .toArray(Endpoint[]::new);
        Endpoint[] endpoints = weighted.length == 0 ? candidates : weighted;
        double[] weights = Arrays.stream(endpoints)
                .mapToDouble(endpoint -> Math.max(endpoint.instance().weight(), 1))
                .toArray();
        return new Pool(candidates, endpoints, weights, slowStart, whole);
    }

    /** Without those that were tried, unless that leaves none. */
    public Pool without(Collection<String> tried) {
        if (tried.isEmpty()) {
            return this;
        }
        Endpoint[] rest = Arrays.stream(candidates)
                .filter(candidate -> !tried.contains(candidate.id()))
                .toArray(Endpoint[]::new);
        return rest.length == 0 || rest.length == candidates.length ? this : of(rest, slowStart, this);
    }

    int size() {
        return endpoints.length;
    }

    Endpoint get(int index) {
        return endpoints[index];
    }

    boolean contains(Endpoint endpoint) {
        return Arrays.asList(endpoints).contains(endpoint);
    }

    double weight(int index) {
        return weights[index];
    }

    double weight(int index, long now) {
        return slowStart == null ? weights[index] : weights[index] * slowStart.factor(endpoints[index], now);
    }

    boolean sameWeights() {
        return sameWeights;
    }

    /** The weights added up from the left. */
    double[] cumulative(long now) {
        double[] sums = cumulative;
        if (sums == null || slowStart != null) {
            sums = new double[endpoints.length];
            double sum = 0;
            for (int index = 0; index < sums.length; index++) {
                sum += weight(index, now);
                sums[index] = sum;
            }
            cumulative = sums;
        }
        return sums;
    }

    /** The ring of this pool alone. */
    HashRing ring(int size) {
        HashRing made = ring;
        if (made == null) {
            made = new HashRing(this, size);
            ring = made;
        }
        return made;
    }

    /** The pool with those that were tried. */
    Pool whole() {
        return whole == null ? this : whole;
    }
}
