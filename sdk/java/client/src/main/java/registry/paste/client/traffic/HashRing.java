package registry.paste.client.traffic;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/** Consistent hashing: each candidate has entries on a ring in proportion to its weight. */
public final class HashRing {
    private static final double SCALE_MAX = 4096;

    private final Endpoint[] owners;
    private final long[] hashes;

    /** The ring of a pool, with about {@code size} entries. */
    public HashRing(Pool pool, int size) {
        int[] counts = counts(pool, size);
        int total = Arrays.stream(counts).sum();
        long[] drawn = new long[total];
        int[] candidates = new int[total];
        int at = 0;
        for (int index = 0; index < counts.length; index++) {
            String prefix = new String(pool.get(index).key(), StandardCharsets.UTF_8) + "_";
            for (int k = 0; k < counts[index]; k++, at++) {
                drawn[at] = XxHash64.hash(prefix + k);
                candidates[at] = index;
            }
        }
        // The order of the candidates is that of the entries, and sorting boxed values is stable.
        int[] order = IntStream.range(0, total)
                .boxed()
                .sorted(Comparator.comparingLong(entry -> drawn[entry] ^ Long.MIN_VALUE))
                .mapToInt(Integer::intValue)
                .toArray();
        hashes = Arrays.stream(order).mapToLong(entry -> drawn[entry]).toArray();
        owners = Arrays.stream(order)
                .mapToObj(entry -> pool.get(candidates[entry]))
                .toArray(Endpoint[]::new);
    }

    /** How many entries each candidate has. */
    public static int[] counts(Pool pool, int size) {
        double sum = 0;
        for (int index = 0; index < pool.size(); index++) {
            sum += pool.weight(index);
        }
        double least = Double.MAX_VALUE;
        for (int index = 0; index < pool.size(); index++) {
            least = Math.min(least, pool.weight(index) / sum);
        }
        double scale = Math.min(Math.ceil(least * size) / least, SCALE_MAX);
        int[] counts = new int[pool.size()];
        double target = 0;
        int count = 0;
        for (int index = 0; index < counts.length; index++) {
            target += scale * (pool.weight(index) / sum);
            for (; count < target; count++) {
                counts[index]++;
            }
        }
        return counts;
    }

    /** The first at or after {@code hash} that {@code allowed} has, going round; null if it has none of the ring's. */
    public Endpoint pick(long hash, Pool allowed) {
        int start = firstFrom(hash);
        for (int step = 0; step < owners.length; step++) {
            Endpoint owner = owners[(start + step) % owners.length];
            if (allowed.contains(owner)) {
                return owner;
            }
        }
        return null;
    }

    private int firstFrom(long hash) {
        int low = 0;
        int high = hashes.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (Long.compareUnsigned(hashes[middle], hash) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low == hashes.length ? 0 : low;
    }
}
