package registry.paste.client.traffic;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Highest random weight: each candidate has a score for a key, and the greatest wins. */
final class Rendezvous {
    private static final double TWO_TO_53 = 0x1p53;

    private Rendezvous() {}

    static Endpoint pick(Pool pool, String hashKey) {
        byte[] suffix = hashKey.getBytes(StandardCharsets.UTF_8);
        byte[] scratch = new byte[64 + suffix.length];
        Endpoint best = pool.get(0);
        double bestScore = Double.NEGATIVE_INFINITY;
        long bestHash = 0;
        for (int index = 0; index < pool.size(); index++) {
            Endpoint candidate = pool.get(index);
            byte[] key = candidate.key();
            int length = key.length + 1 + suffix.length;
            if (scratch.length < length) {
                scratch = new byte[length];
            }
            System.arraycopy(key, 0, scratch, 0, key.length);
            scratch[key.length] = 0;
            System.arraycopy(suffix, 0, scratch, key.length + 1, suffix.length);
            long hash = XxHash64.hash(scratch, length, 0);
            double score = pool.sameWeights() ? 0 : score(pool.weight(index), hash);
            int order = index == 0
                    ? 1
                    : pool.sameWeights() ? Long.compareUnsigned(hash, bestHash) : Double.compare(score, bestScore);
            if (order > 0 || (order == 0 && Arrays.compareUnsigned(key, best.key()) > 0)) {
                best = candidate;
                bestScore = score;
                bestHash = hash;
            }
        }
        return best;
    }

    private static double score(double weight, long hash) {
        double logarithm = Math.log(((hash >>> 11) + 0.5) / TWO_TO_53);
        return logarithm == 0 ? Double.POSITIVE_INFINITY : -weight / logarithm;
    }
}
