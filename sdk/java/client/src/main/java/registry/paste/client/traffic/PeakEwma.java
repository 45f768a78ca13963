package registry.paste.client.traffic;

import java.util.Arrays;
import java.util.function.Supplier;

/** What a call to an endpoint is likely to cost: a moving average of its latencies that rises at once and forgets slowly. */
public final class PeakEwma {
    private static final double UNKNOWN_COST = 30e6;
    private static final double FAILURE_COST_MIN = 100e6;

    private final double decay;
    private final Supplier<Endpoint[]> endpoints;

    /**
     * For the endpoints of one service.
     *
     * @param decay the time constant, in nanoseconds
     * @param endpoints all of the service's, as they are now
     */
    public PeakEwma(long decay, Supplier<Endpoint[]> endpoints) {
        this.decay = decay;
        this.endpoints = endpoints;
    }

    /** The likely cost of one more call, in nanoseconds for a weight of 1. Reading changes nothing but seeds a new one. */
    public double load(Endpoint endpoint, double weight, long now) {
        Endpoint.Latency latency = endpoint.latency;
        if (latency == null) {
            latency = seed(endpoint, now);
        }
        double cost = latency.cost() * weightOf(latency, now);
        return (cost + 1) * (endpoint.inFlight() + 1) / weight;
    }

    /** A call came back. */
    public void succeeded(Endpoint endpoint, long rtt, long now) {
        observe(endpoint, rtt, now);
    }

    /** A call failed: however quickly it did, it costs more than what others cost. */
    public void failed(Endpoint endpoint, long rtt, long now) {
        observe(endpoint, Math.max(rtt, Math.max(2 * median(endpoint, 0), FAILURE_COST_MIN)), now);
    }

    private void observe(Endpoint endpoint, double rtt, long now) {
        synchronized (endpoint) {
            Endpoint.Latency latency = endpoint.latency;
            if (latency == null) {
                latency = seed(endpoint, now);
            }
            double weight = weightOf(latency, now);
            double cost = rtt > latency.cost() ? rtt : latency.cost() * weight + rtt * (1 - weight);
            endpoint.latency = new Endpoint.Latency(cost, Math.max(latency.stamp(), now), true);
        }
    }

    private double weightOf(Endpoint.Latency latency, long now) {
        return Math.exp(-Math.max(now - latency.stamp(), 0) / decay);
    }

    private Endpoint.Latency seed(Endpoint endpoint, long now) {
        double median = median(null, UNKNOWN_COST);
        synchronized (endpoint) {
            if (endpoint.latency == null) {
                endpoint.latency = new Endpoint.Latency(median, now, false);
            }
            return endpoint.latency;
        }
    }

    /** The lower median of the costs of those that have observed something. */
    private double median(Endpoint except, double otherwise) {
        Endpoint[] all = endpoints.get();
        double[] costs = new double[all.length];
        int count = 0;
        for (Endpoint endpoint : all) {
            Endpoint.Latency latency = endpoint.latency;
            if (endpoint != except && latency != null && latency.observed()) {
                costs[count++] = latency.cost();
            }
        }
        if (count == 0) {
            return otherwise;
        }
        Arrays.sort(costs, 0, count);
        return costs[(count - 1) / 2];
    }
}
