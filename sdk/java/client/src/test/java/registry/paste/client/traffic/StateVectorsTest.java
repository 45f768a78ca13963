package registry.paste.client.traffic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static registry.paste.client.traffic.Vectors.assertClose;
import static registry.paste.client.traffic.Vectors.tests;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import registry.paste.client.json.JsonObject;
import registry.paste.client.model.Policy;
import registry.paste.client.session.CallCounts;
import registry.paste.client.wire.Durations;
import registry.paste.client.wire.PolicyJson;

/** What endpoints and services remember, against the shared vectors. */
class StateVectorsTest {
    private static Policy policy(JsonObject vector, String piece) {
        return PolicyJson.read(new JsonObject(Map.of(piece, vector.object(piece).fields())));
    }

    @TestFactory
    Stream<DynamicTest> peakEwma() {
        return tests("peak-ewma", "decay steps", vector -> {
            Map<String, Endpoint> endpoints = new TreeMap<>();
            PeakEwma ewma = new PeakEwma(
                    Durations.parse(vector.string("decay")).toNanos(),
                    () -> endpoints.values().toArray(new Endpoint[0]));
            for (JsonObject step : vector.objects("steps")) {
                peakEwmaStep(endpoints, ewma, step);
            }
        });
    }

    private static void peakEwmaStep(Map<String, Endpoint> endpoints, PeakEwma ewma, JsonObject step) {
        String what = step.toString();
        long at = step.number("at", 0);
        switch (step.string("do")) {
            case "observe", "fail" -> {
                Endpoint endpoint = endpoints.computeIfAbsent(step.string("id"), Vectors::endpoint);
                if (step.string("do").equals("fail")) {
                    ewma.failed(endpoint, step.number("rtt"), at);
                } else {
                    ewma.succeeded(endpoint, step.number("rtt"), at);
                }
                assertClose(step.decimal("cost", 0), endpoint.latency.cost(), what);
                assertEquals(step.number("stamp"), endpoint.latency.stamp(), what);
            }
            case "load" -> {
                Endpoint endpoint = endpoints.computeIfAbsent(step.string("id"), Vectors::endpoint);
                inFlight(endpoint, step.number("in_flight"));
                assertClose(step.decimal("load", 0), ewma.load(endpoint, step.decimal("weight", 0), at), what);
            }
            case "pick" -> {
                List<JsonObject> candidates = step.objects("candidates");
                Endpoint[] pool = candidates.stream()
                        .map(one -> endpoints.computeIfAbsent(one.string("id"), Vectors::endpoint))
                        .toArray(Endpoint[]::new);
                for (int index = 0; index < pool.length; index++) {
                    inFlight(pool[index], candidates.get(index).number("in_flight"));
                }
                double[] weights = candidates.stream()
                        .mapToDouble(one -> one.decimal("weight", 0))
                        .toArray();
                Vectors.Random random = new Vectors.Random(step);
                int picked = Balancers.peakEwma(new Pool(pool, weights), ewma, at, random);
                assertEquals(step.string("picked"), pool[picked].id(), what);
                random.assertAllDrawn();
            }
            case "gone" -> endpoints.remove(step.string("id"));
            default -> throw new AssertionError(what);
        }
    }

    private static void inFlight(Endpoint endpoint, long calls) {
        while (endpoint.inFlight() < calls) {
            endpoint.begin();
        }
        while (endpoint.inFlight() > calls) {
            endpoint.end();
        }
    }

    @TestFactory
    Stream<DynamicTest> locality() {
        return tests("locality", "locality priorities loads panic draws", vector -> {
            Policy.Locality policy = policy(vector, "locality").locality();
            List<JsonObject> priorities = vector.objects("priorities");
            Locality locality = Locality.of(
                    priorities.stream()
                            .mapToInt(one -> (int) one.number("healthy"))
                            .toArray(),
                    priorities.stream()
                            .mapToInt(one -> (int) one.number("total"))
                            .toArray(),
                    policy.overprovision(),
                    policy.panicThreshold());
            List<Long> loads = new ArrayList<>();
            List<Boolean> panic = new ArrayList<>();
            for (int index = 0; index < priorities.size(); index++) {
                loads.add((long) locality.load(index));
                panic.add(locality.panic(index));
            }
            assertEquals(vector.fields().get("loads"), loads);
            assertEquals(vector.fields().get("panic"), panic);
            for (JsonObject draw : vector.objects("draws")) {
                Vectors.Random random = new Vectors.Random(draw);
                assertEquals(draw.number("priority"), locality.draw(random), draw.toString());
                random.assertAllDrawn();
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> outlierDetection() {
        return tests("outlier", "outlier_detection endpoints steps", vector -> {
            Map<String, Endpoint> endpoints = new TreeMap<>();
            vector.strings("endpoints").forEach(id -> endpoints.put(id, Vectors.endpoint(id)));
            OutlierDetector detector = new OutlierDetector(
                    policy(vector, "outlier_detection").outlierDetection(), all(endpoints), ejected -> {});
            for (JsonObject step : vector.objects("steps")) {
                long at = step.number("at");
                if (step.has("endpoints")) {
                    endpoints.keySet().retainAll(step.strings("endpoints"));
                    step.strings("endpoints").forEach(id -> endpoints.computeIfAbsent(id, Vectors::endpoint));
                    detector.members(all(endpoints));
                } else if (step.has("id")) {
                    for (long count = step.number("count"); count > 0; count--) {
                        detector.outcome(endpoints.get(step.string("id")), step.bool("success", false), at);
                    }
                } else {
                    detector.turn(at);
                }
                List<String> ejected = endpoints.values().stream()
                        .filter(endpoint -> endpoint.ejected(at))
                        .map(Endpoint::id)
                        .toList();
                assertEquals(step.strings("ejected"), ejected, step.toString());
            }
        });
    }

    private static Endpoint[] all(Map<String, Endpoint> endpoints) {
        return endpoints.values().toArray(new Endpoint[0]);
    }

    @TestFactory
    Stream<DynamicTest> slowStart() {
        return tests("slow-start", "slow_start ages factors", vector -> {
            List<?> ages = (List<?>) vector.fields().get("ages");
            List<?> factors = (List<?>) vector.fields().get("factors");
            long now = 1L << 53;
            SlowStart slowStart = new SlowStart(policy(vector, "slow_start").slowStart());
            Endpoint[] endpoints = new Endpoint[ages.size()];
            Arrays.setAll(endpoints, index -> Vectors.endpoint("i" + index));
            for (int index = 0; index < endpoints.length; index++) {
                if (ages.get(index) instanceof Long age) {
                    endpoints[index].slowStartedAt = now - age;
                }
            }
            boolean counts = slowStart.phase(List.of(endpoints), now).slowed();
            for (int index = 0; index < endpoints.length; index++) {
                double factor = counts ? slowStart.factor(endpoints[index], now) : 1;
                assertClose(((Number) factors.get(index)).doubleValue(), factor, "endpoint " + index);
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> retryBudget() {
        return tests("retry-budget", "retries steps", vector -> {
            RetryBudget budget = new RetryBudget(policy(vector, "retries").retries());
            for (JsonObject step : vector.objects("steps")) {
                long at = step.number("at");
                for (long tries = step.number("tries", 0); tries > 0; tries--) {
                    budget.deposit(at);
                }
                long granted = 0;
                for (long retries = step.number("retries", 0); retries > 0; retries--) {
                    granted += budget.withdraw(at) ? 1 : 0;
                }
                assertEquals(step.number("granted", 0), granted, step.toString());
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> backoff() {
        return tests("backoff", "retries n random wait", vector -> {
            Vectors.Random random = new Vectors.Random(vector);
            int n = (int) vector.number("n");
            long wait = vector.has("retries")
                    ? RetryBudget.backoff(policy(vector, "retries").retries(), n, random)
                    : Backoff.delay(n, random);
            assertEquals(vector.number("wait"), wait);
            random.assertAllDrawn();
        });
    }

    @TestFactory
    Stream<DynamicTest> latencyBuckets() {
        return tests(
                "latency-buckets",
                "latency bucket",
                vector -> assertEquals(vector.number("bucket"), CallCounts.bucket(vector.number("latency"))));
    }
}
