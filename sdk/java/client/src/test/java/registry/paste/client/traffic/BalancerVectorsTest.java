package registry.paste.client.traffic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static registry.paste.client.traffic.Vectors.hex;
import static registry.paste.client.traffic.Vectors.tests;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import registry.paste.client.json.JsonObject;

/** Hashes, draws and the balancers against the shared vectors. */
class BalancerVectorsTest {
    @TestFactory
    Stream<DynamicTest> xxh64() {
        return tests("xxh64", "text hex seed hash", vector -> {
            byte[] bytes = vector.has("text")
                    ? vector.string("text").getBytes(StandardCharsets.UTF_8)
                    : HexFormat.of().parseHex(vector.string("hex"));
            long hash = XxHash64.hash(bytes, bytes.length, hex(vector.string("seed")));
            assertEquals(vector.string("hash"), String.format("%016x", hash));
        });
    }

    @TestFactory
    Stream<DynamicTest> p2cDraw() {
        return tests("p2c-draw", "n random indices", vector -> {
            Vectors.Random random = new Vectors.Random(vector);
            long n = vector.number("n");
            long first = Draw.first(random.getAsLong(), n);
            long second = Draw.second(random.getAsLong(), n, first);
            random.assertAllDrawn();
            assertEquals(vector.fields().get("indices"), List.of(first, second));
        });
    }

    @TestFactory
    Stream<DynamicTest> weightedRandom() {
        return tests("weighted-random", "weights random picked", vector -> {
            List<?> weights = (List<?>) vector.fields().get("weights");
            Pool pool = new Pool(
                    IntStream.range(0, weights.size())
                            .mapToObj(index -> Vectors.endpoint("i" + index))
                            .toArray(Endpoint[]::new),
                    weights.stream()
                            .mapToDouble(weight -> ((Number) weight).doubleValue())
                            .toArray());
            Vectors.Random random = new Vectors.Random(vector);
            assertEquals(vector.number("picked"), Balancers.weightedRandom(pool, 0, random));
            random.assertAllDrawn();
        });
    }

    @TestFactory
    Stream<DynamicTest> smoothRoundRobin() {
        return tests("smooth-wrr", "rounds", vector -> {
            Map<String, Endpoint> endpoints = new HashMap<>();
            int round = 0;
            for (JsonObject json : vector.objects("rounds")) {
                json.strings("gone").forEach(endpoints::remove);
                List<JsonObject> candidates = json.objects("candidates");
                Pool pool = new Pool(
                        candidates.stream()
                                .map(one -> endpoints.computeIfAbsent(one.string("id"), Vectors::endpoint))
                                .toArray(Endpoint[]::new),
                        candidates.stream()
                                .mapToDouble(one -> one.decimal("weight", 0))
                                .toArray());
                Endpoint picked = pool.get(Balancers.smoothRoundRobin(pool, 0));
                assertEquals(json.string("picked"), picked.id(), "round " + round++);
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> leastRequest() {
        return tests("least-request", "candidates random picked", vector -> {
            Vectors.Random random = new Vectors.Random(vector);
            Pool pool = Vectors.pool(vector.objects("candidates"));
            assertEquals(vector.number("picked"), Balancers.leastRequest(pool, 0, random));
            random.assertAllDrawn();
        });
    }

    @TestFactory
    Stream<DynamicTest> rendezvous() {
        return tests("rendezvous", "candidates picks", vector -> {
            Pool pool = Vectors.pool(vector.objects("candidates"));
            for (JsonObject pick : vector.objects("picks")) {
                String key = pick.string("key");
                assertEquals(
                        pick.string("picked"), Balancers.rendezvous(pool, key).id(), key);
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> ringHash() {
        return tests("ring-hash", "ring_size candidates entries picks", vector -> {
            Pool pool = Vectors.pool(vector.objects("candidates"));
            int size = (int) vector.number("ring_size");
            assertEquals(
                    vector.fields().get("entries"),
                    Arrays.stream(HashRing.counts(pool, size))
                            .mapToObj(Long::valueOf)
                            .toList());
            for (JsonObject pick : vector.objects("picks")) {
                String key = pick.string("key");
                Endpoint picked = Balancers.ringHash(pool.without(pick.strings("tried")), size, key);
                assertEquals(pick.string("picked"), picked.id(), key + " after " + pick.strings("tried"));
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> versionRange() {
        return tests("version-range", "range canonical matches misses error at", vector -> {
            String text = vector.string("range");
            if (vector.has("error")) {
                InvalidVersionRangeException error =
                        assertThrows(InvalidVersionRangeException.class, () -> VersionRange.parse(text));
                assertEquals(vector.string("error"), error.kind().name().toLowerCase(Locale.ROOT));
                assertEquals(vector.number("at", -1), error.at());
                return;
            }
            VersionRange range = VersionRange.parse(text);
            assertEquals(vector.string("canonical"), range.toString());
            assertEquals(range, VersionRange.parse(range.toString()));
            vector.strings("matches")
                    .forEach(version -> assertEquals(true, range.matches(Version.parse(version)), version));
            vector.strings("misses")
                    .forEach(version -> assertEquals(false, range.matches(Version.parse(version)), version));
        });
    }
}
