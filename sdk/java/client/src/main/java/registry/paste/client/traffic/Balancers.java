package registry.paste.client.traffic;

import java.util.function.LongSupplier;

/** The balancers that keep nothing but what the endpoints themselves know. All need two candidates at least. */
public final class Balancers {
    private static final long TWO_TO_53 = 1L << 53;

    private Balancers() {}

    /** By chance, in proportion to the weights. */
    public static int weightedRandom(Pool pool, long now, LongSupplier random) {
        double[] cumulative = pool.cumulative(now);
        int last = cumulative.length - 1;
        double x = Unsigned.mulhi(random.getAsLong(), TWO_TO_53) / (double) TWO_TO_53 * cumulative[last];
        int low = 0;
        int high = last;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (cumulative[middle] > x) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    /** Of two, the one with fewer calls in flight for its weight. */
    public static int leastRequest(Pool pool, long now, LongSupplier random) {
        int first = (int) Draw.first(random.getAsLong(), pool.size());
        int second = (int) Draw.second(random.getAsLong(), pool.size(), first);
        return cost(pool, second, now) < cost(pool, first, now) ? second : first;
    }

    private static double cost(Pool pool, int index, long now) {
        return (pool.get(index).inFlight() + 1) / pool.weight(index, now);
    }

    /** Of two, the one with the lower likely cost. */
    public static int peakEwma(Pool pool, PeakEwma costs, long now, LongSupplier random) {
        int first = (int) Draw.first(random.getAsLong(), pool.size());
        int second = (int) Draw.second(random.getAsLong(), pool.size(), first);
        double load = costs.load(pool.get(first), pool.weight(first, now), now);
        return costs.load(pool.get(second), pool.weight(second, now), now) < load ? second : first;
    }

    /** In turn, spread evenly, in proportion to the weights. One caller at a time. */
    public static int smoothRoundRobin(Pool pool, long now) {
        double sum = 0;
        int best = 0;
        for (int index = 0; index < pool.size(); index++) {
            Endpoint endpoint = pool.get(index);
            double weight = pool.weight(index, now);
            endpoint.current += weight;
            sum += weight;
            if (endpoint.current > pool.get(best).current) {
                best = index;
            }
        }
        pool.get(best).current -= sum;
        return best;
    }

    /** By the key of the request, on a ring; null never. */
    public static Endpoint ringHash(Pool pool, int ringSize, String hashKey) {
        long hash = XxHash64.hash(hashKey);
        Endpoint picked = pool.whole().ring(ringSize).pick(hash, pool);
        return picked == null ? pool.ring(ringSize).pick(hash, pool) : picked;
    }

    /** By the key of the request, by the greatest score. */
    public static Endpoint rendezvous(Pool pool, String hashKey) {
        return Rendezvous.pick(pool, hashKey);
    }
}
