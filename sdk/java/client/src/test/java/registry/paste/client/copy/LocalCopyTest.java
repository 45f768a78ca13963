package registry.paste.client.copy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import registry.paste.client.json.JsonException;
import registry.paste.client.json.JsonObject;
import registry.paste.client.json.JsonWriter;
import registry.paste.client.model.Instance;
import registry.paste.client.model.Policy;
import registry.paste.client.traffic.Decider;
import registry.paste.client.wire.FakeTime;

/** Never wrongly empty, with clocks that the test moves. */
class LocalCopyTest {
    private final FakeTime time = new FakeTime();
    private final AtomicInteger told = new AtomicInteger();
    private final AtomicInteger confirmed = new AtomicInteger();
    private final LocalCopy copy = copy();

    private LocalCopy copy() {
        return new LocalCopy(time, name -> new Decider(null, null, () -> 0, ejected -> {}), new LocalCopy.Listener() {
            @Override
            public void changed(ServiceCopy service) {
                told.incrementAndGet();
            }

            @Override
            public void changed(ConfigCopy config) {
                told.incrementAndGet();
            }

            @Override
            public void confirmed(ConfigCopy config) {
                confirmed.incrementAndGet();
            }
        });
    }

    private static String instances(String... ids) {
        return Arrays.stream(ids)
                .map(id -> "{\"id\":\"" + id + "\",\"address\":\"10.0.0.1\",\"port\":80}")
                .collect(Collectors.joining(",", "[", "]"));
    }

    private static JsonObject snapshot(long revision, String... ids) {
        return JsonObject.read(
                "{\"service\":\"s\",\"revision\":" + revision + ",\"instances\":" + instances(ids) + "}");
    }

    private static JsonObject delta(long revision, String upserted, String removed) {
        return JsonObject.read("{\"service\":\"s\",\"revision\":" + revision + ",\"upserted\":" + upserted
                + ",\"removed\":" + removed + "}");
    }

    private List<String> ids() {
        return copy.service("s").instances().stream().map(Instance::id).toList();
    }

    @Test
    void withinAnEpochTheStreamIsBelieved() {
        assertFalse(copy.service("s").known());
        copy.snapshot(snapshot(1, "b", "a"), "e");
        assertEquals(List.of("a", "b"), ids());
        copy.delta(delta(2, instances("c"), "[\"a\"]"));
        assertEquals(List.of("b", "c"), ids());
        copy.snapshot(snapshot(3), "e");
        assertEquals(List.of(), ids());
        assertTrue(copy.service("s").known());
        assertEquals(3, told.get());
    }

    @Test
    void whatIsOlderIsPassedOver() {
        copy.service("s");
        copy.snapshot(snapshot(5, "a"), "e");
        copy.snapshot(snapshot(4), "e");
        copy.delta(delta(3, "[]", "[\"a\"]"));
        assertEquals(List.of("a"), ids());
        assertEquals(1, told.get());
    }

    @Test
    void anotherEpochKeepsWhoWasKnownForAMinute() {
        copy.service("s");
        copy.snapshot(snapshot(9, "a", "b", "c"), "e");
        copy.snapshot(snapshot(1, "b"), "f");
        assertEquals(List.of("a", "b", "c"), ids());
        time.pass(30_000);
        copy.delta(delta(2, instances("c"), "[]"));
        copy.snapshot(snapshot(3, "b", "c"), "f");
        assertEquals(List.of("a", "b", "c"), ids());
        time.pass(29_999);
        copy.expire(Set.of("s"));
        assertEquals(List.of("a", "b", "c"), ids());
        time.pass(1);
        copy.expire(Set.of("s"));
        assertEquals(List.of("b", "c"), ids());
    }

    @Test
    void aRegistryThatIsAwayAfterItLostItsDataEmptiesNothing() {
        copy.service("s");
        copy.snapshot(snapshot(9, "a", "b"), "e");
        copy.snapshot(snapshot(1), "f");
        time.pass(59_000);
        copy.expire(Set.of());
        time.pass(600_000);
        copy.expire(Set.of());
        assertEquals(List.of("a", "b"), ids());
        time.pass(59_999);
        copy.expire(Set.of("s"));
        assertEquals(List.of("a", "b"), ids(), "their time began anew");
        copy.delta(delta(2, instances("b"), "[]"));
        time.pass(1);
        copy.expire(Set.of("s"));
        assertEquals(List.of("b"), ids());
    }

    @Test
    void aResetKeepsEverybodyUntilTheyComeAgain() {
        copy.service("s");
        copy.snapshot(snapshot(9, "a"), "e");
        copy.reset(List.of("s"), "f");
        assertEquals(List.of("a"), ids());
        copy.snapshot(snapshot(1), "f");
        assertEquals(List.of("a"), ids());
        copy.delta(delta(2, "[]", "[\"a\"]"));
        assertEquals(List.of(), ids());
    }

    @Test
    void whatCannotBeReadChangesNothing() {
        copy.service("s");
        assertThrows(JsonException.class, () -> copy.delta(delta(1, "[]", "[]")));
        copy.snapshot(snapshot(1, "a"), "e");
        assertThrows(JsonException.class, () -> copy.delta(delta(2, "[{\"id\":\"x\"}]", "[\"a\"]")));
        assertThrows(JsonException.class, () -> copy.delta(delta(2, "[]", "[1]")));
        assertEquals(List.of("a"), ids());
    }

    @Test
    void policiesComeAndGo() {
        copy.service("s");
        copy.snapshot(
                JsonObject.read("{\"service\":\"s\",\"revision\":1,\"instances\":[],"
                        + "\"policy\":{\"balancer\":{\"kind\":\"ring_hash\"}}}"),
                "e");
        assertEquals(
                Policy.Balancer.Kind.RING_HASH,
                copy.service("s").policy().balancer().kind());
        copy.delta(delta(2, "[]", "[]"));
        assertEquals(
                Policy.Balancer.Kind.RING_HASH,
                copy.service("s").policy().balancer().kind());
        copy.delta(JsonObject.read("{\"service\":\"s\",\"revision\":3,\"policy\":null}"));
        assertEquals(Policy.DEFAULT, copy.service("s").policy());
    }

    @Test
    void ageIsZeroWhileTheStreamSpeaks() {
        assertNull(copy.age(true));
        copy.heard();
        time.pass(20_000);
        assertEquals(Duration.ZERO, copy.age(true));
        assertEquals(Duration.ofSeconds(20), copy.age(false));
        time.pass(1);
        assertEquals(Duration.ofMillis(20_001), copy.age(true));
    }

    @Test
    void configurationIsKeptWhereANodeCannotReadIt() {
        ConfigCopy item = copy.config("g/k");
        copy.config(
                JsonObject.read("{\"group\":\"g\",\"key\":\"k\",\"release\":1,\"format\":\"text\",\"content\":\"x\"}"));
        copy.config(JsonObject.read("{\"group\":\"g\",\"key\":\"k\",\"release\":2,\"error\":\"secret-key-missing\"}"));
        assertEquals("x", item.release().content());
        copy.config(JsonObject.read("{\"group\":\"g\",\"key\":\"k\",\"release\":0,\"removed\":true}"));
        assertNull(item.release());
    }

    private static JsonObject release(int number) {
        return JsonObject.read(
                "{\"group\":\"g\",\"key\":\"k\",\"release\":" + number + ",\"format\":\"text\",\"content\":\"x\"}");
    }

    @Test
    void aReleaseThatIsToldAgainIsConfirmed() {
        copy.config("g/k");
        copy.config(release(1));
        assertEquals(0, confirmed.get());
        copy.config(release(1));
        assertEquals(1, confirmed.get());
        copy.config(release(2));
        assertEquals(2, told.get());
        JsonObject removal = JsonObject.read("{\"group\":\"g\",\"key\":\"k\",\"release\":0,\"removed\":true}");
        copy.config(removal);
        copy.config(removal);
        assertEquals(1, confirmed.get(), "removals aren't");
    }

    private String written() {
        return copy.write(time.now()).map(JsonWriter::write).orElse("nothing");
    }

    @Test
    void onlyWhatAStreamSaidIsWritten() {
        copy.load(new SnapshotFile.Loaded(
                JsonObject.read("{\"epoch\":\"e\",\"services\":{\"s\":{\"revision\":1,\"instances\":" + instances("a")
                        + "},\"unused\":{\"revision\":1,\"instances\":[]}},"
                        + "\"configs\":{\"g/k\":{\"release\":1,\"format\":\"text\",\"content\":\"x\"}}}"),
                Duration.ofSeconds(5)));
        assertEquals("nothing", written());
        copy.service("s");
        copy.config("g/k");
        assertEquals(List.of("a"), ids());
        copy.snapshot(snapshot(2, "a"), "e");
        assertEquals("nothing", written(), "the item is only from disk");
        copy.config(release(1));
        assertEquals(1, confirmed.get());
        assertTrue(written().contains("\"epoch\":\"e\""), written());
        assertFalse(written().contains("unused"), written());
    }

    @Test
    void whatIsUnconfirmedOrOfSeveralHistoriesIsNotWritten() {
        copy.service("s");
        copy.snapshot(snapshot(1, "a", "b"), "e");
        copy.reset(List.of("s"), "f");
        assertEquals("nothing", written());
        copy.snapshot(snapshot(1, "a"), "f");
        assertEquals("nothing", written());
        copy.delta(delta(2, "[]", "[\"b\"]"));
        assertTrue(written().contains("\"epoch\":\"f\""), written());
        copy.service("t");
        copy.snapshot(JsonObject.read("{\"service\":\"t\",\"revision\":1,\"instances\":[]}"), "g");
        assertEquals("nothing", written());
    }

    @Test
    void secretsStayInMemory() {
        copy.config("g/k");
        copy.config(JsonObject.read("{\"group\":\"g\",\"key\":\"k\",\"release\":1,\"format\":\"text\","
                + "\"content\":\"hunter2\",\"secret\":true}"));
        assertFalse(JsonWriter.write(copy.write(time.now()).orElseThrow()).contains("hunter2"));
    }
}
