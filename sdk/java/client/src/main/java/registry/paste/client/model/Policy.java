package registry.paste.client.model;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * How clients of a service choose among its instances and what they do when a call fails. The registry sends it with the
 * instances; without one {@link #DEFAULT} holds. What each number means to the last bit is told in the registry's
 * {@code conformance/README.md}.
 *
 * @param description words for people
 * @param balancer how one of the candidates is chosen
 * @param subsets named parts of the service
 * @param rules which requests go to which subset
 * @param locality how near instances are preferred
 * @param outlierDetection when an instance is ejected because its calls fail
 * @param retries what is sent again
 * @param timeouts how long calls may take
 * @param slowStart how an instance that is new gets its share
 */
public record Policy(
        String description,
        Balancer balancer,
        List<Subset> subsets,
        List<Rule> rules,
        Locality locality,
        OutlierDetection outlierDetection,
        Retries retries,
        Timeouts timeouts,
        SlowStart slowStart) {

    /** The policy of a service that has none. */
    public static final Policy DEFAULT = new Policy(
            "",
            new Balancer(Balancer.Kind.PEAK_EWMA, Duration.ofSeconds(10), null, 1024),
            List.of(),
            List.of(),
            new Locality(List.of(), 140, 50),
            new OutlierDetection(
                    5, 60, 20, 2, Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofSeconds(300), 30),
            new Retries(2, List.of(502, 503, 504), 20, 10, Duration.ofMillis(25), Duration.ofMillis(250)),
            new Timeouts(Duration.ofSeconds(1), null, Duration.ofSeconds(15)),
            new SlowStart(null, 1.0, 10));

    /**
     * How one of the candidates is chosen.
     *
     * @param kind the algorithm
     * @param decay time constant of {@link Kind#PEAK_EWMA}
     * @param hashHeader the header whose value is the key of the hashing ones, or null
     * @param ringSize entries that a ring should have
     */
    public record Balancer(Kind kind, Duration decay, String hashHeader, int ringSize) {

        /** The algorithms. */
        public enum Kind {
            /** By chance, in proportion to the weights. */
            WEIGHTED_RANDOM,
            /** In turn, in proportion to the weights. */
            SMOOTH_WRR,
            /** Of two, the one with fewer calls in flight. */
            LEAST_REQUEST,
            /** Of two, the one with less latency times calls in flight. */
            PEAK_EWMA,
            /** By the key of the request, on a ring. */
            RING_HASH,
            /** By the key of the request, by the greatest score. */
            RENDEZVOUS
        }
    }

    /**
     * A named part of a service: the instances that match all of it.
     *
     * @param name its name
     * @param version a version range, or null
     * @param tags tags that all have to be there
     * @param metadata pairs that all have to be there
     * @param weight its share of the requests that no rule decides
     */
    public record Subset(String name, String version, List<String> tags, Map<String, String> metadata, int weight) {}

    /**
     * Sends requests to a subset, where all that it names holds.
     *
     * @param headers headers with exactly these values
     * @param users a share of the users, or null
     * @param zones zones of the caller; empty for any
     * @param regions regions of the caller; empty for any
     * @param subset the subset's name
     */
    public record Rule(
            Map<String, String> headers, Users users, List<String> zones, List<String> regions, String subset) {}

    /**
     * A share of the users, always the same ones.
     *
     * @param header the header that tells them apart
     * @param percent how many of a hundred
     */
    public record Users(String header, double percent) {}

    /**
     * How near instances are preferred.
     *
     * @param failoverRegions regions to go to, in this order, when the caller's own has too few
     * @param overprovision by how much, in percent, the healthy ones of a zone may be loaded
     * @param panicThreshold percent of healthy instances under which all are used; 0 for never
     */
    public record Locality(List<String> failoverRegions, int overprovision, int panicThreshold) {}

    /**
     * When an instance is ejected because its calls fail.
     *
     * @param consecutiveFailures failures in a row; 0 for never
     * @param failurePercentage percent of failures in an interval; 0 for never
     * @param failurePercentageRequests calls that an instance must have had in the interval
     * @param failurePercentageHosts instances that must have had as many
     * @param interval the interval
     * @param baseEjection the first ejection's length; the n-th takes n times as long
     * @param maxEjection the longest
     * @param maxEjected how many instances of a hundred may be ejected at a time
     */
    public record OutlierDetection(
            int consecutiveFailures,
            int failurePercentage,
            int failurePercentageRequests,
            int failurePercentageHosts,
            Duration interval,
            Duration baseEjection,
            Duration maxEjection,
            int maxEjected) {}

    /**
     * What is sent again.
     *
     * @param max tries after the first; 0 for none
     * @param statuses answers that count as a reason
     * @param budget retries in percent of first tries
     * @param minPerSecond retries that are always allowed
     * @param backoffBase greatest wait before the first retry
     * @param backoffMax greatest wait before any
     */
    public record Retries(
            int max, List<Integer> statuses, int budget, int minPerSecond, Duration backoffBase, Duration backoffMax) {}

    /**
     * How long calls may take.
     *
     * @param connect opening a connection
     * @param perTry one try, or null for no limit of its own
     * @param request all tries together
     */
    public record Timeouts(Duration connect, Duration perTry, Duration request) {}

    /**
     * How an instance that is new gets its share.
     *
     * @param window how long it takes, or null for at once
     * @param aggression how early the share grows; 1 is linear
     * @param minWeight percent of its weight to begin with
     */
    public record SlowStart(Duration window, double aggression, int minWeight) {}
}
