package registry.paste.client.traffic;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import registry.paste.client.json.JsonObject;
import registry.paste.client.json.JsonReader;
import registry.paste.client.model.Health;
import registry.paste.client.model.Instance;
import registry.paste.client.model.Status;

/** Reads the vectors that all languages share. */
final class Vectors {
    private Vectors() {}

    /** The folder of the vectors, beside the folder of the SDKs. */
    static Path folder() {
        for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
            if (Files.exists(folder.resolve("conformance/decide.json"))) {
                return folder.resolve("conformance");
            }
        }
        throw new IllegalStateException("there is no folder conformance above this one");
    }

    /** A test for each vector of a file. Keys that aren't in {@code keys} (or name, note) are an error. */
    static Stream<DynamicTest> tests(String file, String keys, Consumer<JsonObject> test) {
        Set<String> known = new HashSet<>(List.of(keys.split(" ")));
        known.addAll(List.of("name", "note"));
        List<?> vectors = (List<?>) JsonReader.read(text(file));
        assertEquals(false, vectors.isEmpty(), file);
        return vectors.stream().map(json -> {
            JsonObject vector = JsonObject.of(json, file);
            String name = vector.string("name", vector.string("range", "?"));
            return DynamicTest.dynamicTest(file + ": " + name, () -> {
                Set<String> unknown = new HashSet<>(vector.fields().keySet());
                unknown.removeAll(known);
                assertEquals(Set.of(), unknown, "keys that this reader doesn't know");
                test.accept(vector);
            });
        });
    }

    private static String text(String file) {
        try {
            return Files.readString(folder().resolve(file + ".json"));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** Random numbers that are handed out in order; one too many is an error. */
    static final class Random implements LongSupplier {
        private final Deque<Long> numbers = new ArrayDeque<>();
        private int drawn;

        Random(JsonObject vector) {
            vector.strings("random").forEach(text -> numbers.add(hex(text)));
        }

        @Override
        public long getAsLong() {
            drawn++;
            return numbers.remove();
        }

        int drawn() {
            return drawn;
        }

        void assertAllDrawn() {
            assertEquals(0, numbers.size(), "numbers that were not drawn");
        }
    }

    static long hex(String text) {
        return Long.parseUnsignedLong(text, 16);
    }

    static void assertClose(double expected, double actual, String what) {
        assertEquals(expected, actual, Math.abs(expected) * 1e-9, what);
    }

    static Endpoint endpoint(String id, String address, int port) {
        return new Endpoint(new Instance(
                id,
                address,
                port,
                Map.of(),
                null,
                null,
                100,
                null,
                null,
                List.of(),
                Map.of(),
                Status.UP,
                Health.PASSING,
                true,
                null,
                1));
    }

    static Endpoint endpoint(String id) {
        return endpoint(id, "127.0.0.1", 80);
    }

    /** A pool of the candidates of a vector, with their weights and calls in flight. */
    static Pool pool(List<JsonObject> candidates) {
        Endpoint[] endpoints = new Endpoint[candidates.size()];
        double[] weights = new double[endpoints.length];
        for (int index = 0; index < endpoints.length; index++) {
            JsonObject candidate = candidates.get(index);
            endpoints[index] =
                    endpoint(candidate.string("id", "i" + index), candidate.string("address", "127.0.0.1"), (int)
                            candidate.number("port", 80));
            for (long call = candidate.number("in_flight", 0); call > 0; call--) {
                endpoints[index].begin();
            }
            weights[index] = candidate.decimal("weight", 1);
        }
        return new Pool(endpoints, weights);
    }
}
