package registry.paste.client.session;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Calls that this process made, by service: counts, errors and a histogram of latencies. Counts only grow; what a heartbeat
 * that was taken carried is remembered, so that what a failed one carried is carried again. Thread-safe.
 */
public final class CallCounts {
    private static final int SERVICES_MAX = 100;
    private static final int BUCKETS = 40;
    private static final int COUNT = BUCKETS;
    private static final int ERRORS = BUCKETS + 1;
    private static final long[] BOUNDS = bounds();

    private final Map<String, ServiceCalls> services = new ConcurrentHashMap<>();

    /** The counts of one service: buckets, then all, then errors. */
    private static final class ServiceCalls {
        final AtomicLongArray counted = new AtomicLongArray(BUCKETS + 2);
        long[] reported = new long[BUCKETS + 2];
    }

    private static long[] bounds() {
        long[] bounds = new long[BUCKETS];
        BigInteger squared = BigInteger.valueOf(100_000).pow(2);
        Arrays.setAll(bounds, index -> squared.shiftLeft(index).sqrt().longValueExact());
        return bounds;
    }

    /** The bucket of a latency in nanoseconds. */
    public static int bucket(long latency) {
        int found = Arrays.binarySearch(BOUNDS, latency);
        return Math.min(found < 0 ? -found - 1 : found, BUCKETS - 1);
    }

    /** A call of {@code service} came back; a negative latency isn't known. */
    public void count(String service, boolean error, long latency) {
        ServiceCalls calls = services.get(service);
        if (calls == null) {
            if (services.size() >= SERVICES_MAX) {
                return;
            }
            calls = services.computeIfAbsent(service, unknown -> new ServiceCalls());
        }
        calls.counted.incrementAndGet(COUNT);
        if (error) {
            calls.counted.incrementAndGet(ERRORS);
        }
        if (latency >= 0) {
            calls.counted.incrementAndGet(bucket(latency));
        }
    }

    /** What a heartbeat carries. */
    public synchronized Report report() {
        Map<String, long[]> totals = new LinkedHashMap<>();
        List<Object> json = new ArrayList<>();
        services.forEach((service, calls) -> {
            long[] now = new long[BUCKETS + 2];
            Arrays.setAll(now, calls.counted::get);
            totals.put(service, now);
            long[] since = new long[now.length];
            Arrays.setAll(since, index -> now[index] - calls.reported[index]);
            if (since[COUNT] > 0) {
                json.add(json(service, since));
            }
        });
        return new Report(json, totals);
    }

    /** The heartbeat with {@code report} was taken. */
    public synchronized void taken(Report report) {
        report.totals.forEach((service, totals) -> services.get(service).reported = totals);
    }

    /** What to say, and up to where it counts. */
    public record Report(List<Object> json, Map<String, long[]> totals) {}

    private static Map<String, Object> json(String service, long[] counts) {
        int length = BUCKETS;
        while (length > 0 && counts[length - 1] == 0) {
            length--;
        }
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("service", service);
        json.put("count", counts[COUNT]);
        json.put("errors", counts[ERRORS]);
        json.put("latency", Arrays.stream(counts, 0, length).boxed().toList());
        return json;
    }
}
