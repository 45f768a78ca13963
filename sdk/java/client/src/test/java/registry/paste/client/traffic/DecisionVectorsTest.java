package registry.paste.client.traffic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static registry.paste.client.traffic.Vectors.tests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import registry.paste.client.json.JsonObject;
import registry.paste.client.model.Health;
import registry.paste.client.model.Instance;
import registry.paste.client.model.Policy;
import registry.paste.client.model.Status;
import registry.paste.client.wire.InstanceJson;
import registry.paste.client.wire.PolicyJson;

/** Whole decisions against the shared vectors. */
class DecisionVectorsTest {
    /** All that tests here and beside run. */
    private static final Set<String> FILES = Set.of(
            "backoff",
            "decide",
            "eligibility",
            "latency-buckets",
            "least-request",
            "locality",
            "outlier",
            "p2c-draw",
            "peak-ewma",
            "rendezvous",
            "retry-budget",
            "ring-hash",
            "slow-start",
            "smooth-wrr",
            "subsets",
            "version-range",
            "weighted-random",
            "xxh64");

    @Test
    void noFileIsOverlooked() throws IOException {
        try (Stream<Path> files = Files.list(Vectors.folder())) {
            Set<String> there = files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".json") && !name.startsWith("rust-"))
                    .map(name -> name.replace(".json", ""))
                    .collect(Collectors.toSet());
            assertEquals(FILES, there);
        }
    }

    @TestFactory
    Stream<DynamicTest> eligibility() {
        return tests("eligibility", "protect_threshold members protected eligible", vector -> {
            List<Instance> members = new ArrayList<>();
            for (JsonObject member : vector.objects("members")) {
                members.add(member(member));
            }
            boolean isProtected = Eligibility.isProtected(members, (int) vector.number("protect_threshold"));
            assertEquals(vector.bool("protected", false), isProtected);
            assertEquals(
                    vector.strings("eligible"),
                    members.stream()
                            .filter(member -> Eligibility.isEligible(member, isProtected))
                            .map(Instance::id)
                            .toList());
        });
    }

    private static Instance member(JsonObject json) {
        Instance plain = Vectors.endpoint(json.string("id")).instance();
        return new Instance(
                plain.id(),
                plain.address(),
                plain.port(),
                Map.of(),
                null,
                null,
                100,
                null,
                null,
                List.of(),
                Map.of(),
                Status.of(json.string("status")),
                Health.of(json.string("health")),
                true,
                null,
                1);
    }

    @TestFactory
    Stream<DynamicTest> subsets() {
        return tests("subsets", "policy members caller headers random drawn subset left", vector -> {
            Policy policy = PolicyJson.read(vector.object("policy"));
            JsonObject caller = vector.object("caller");
            String zone = caller.string("zone", null);
            String region = caller.string("region", null);
            Endpoint[] endpoints = vector.objects("members").stream()
                    .map(json -> new Endpoint(InstanceJson.read(json)))
                    .toArray(Endpoint[]::new);
            for (Endpoint endpoint : endpoints) {
                endpoint.eligible(true);
            }
            Subsets subsets = new Subsets(policy, zone, region);
            Asked asked = new Asked(Selector.ALL, endpoints, subsets, policy, zone, region);
            Vectors.Random random = new Vectors.Random(vector);
            int chosen = asked.subset(new Ask(Selector.ALL, vector.stringMap("headers"), null, Set.of()), random);
            assertEquals(vector.number("drawn"), random.drawn());
            assertEquals(vector.string("subset", null), chosen < 0 ? null : subsets.name(chosen));
            Selector selector = chosen < 0 ? Selector.ALL : subsets.selector(chosen);
            assertEquals(
                    vector.strings("left"),
                    Arrays.stream(endpoints)
                            .filter(selector::matches)
                            .map(Endpoint::id)
                            .toList());
        });
    }

    @TestFactory
    Stream<DynamicTest> decide() {
        String keys = "members protected policy caller request endpoints now random drawn picked subset priority error";
        return tests("decide", keys, vector -> {
            JsonObject caller = vector.object("caller");
            Vectors.Random random = new Vectors.Random(vector);
            Decider decider =
                    new Decider(caller.string("zone", null), caller.string("region", null), random, ejected -> {});
            decider.update(
                    vector.objects("members").stream().map(InstanceJson::read).toList(),
                    vector.bool("protected", false),
                    PolicyJson.read(vector.object("policy")),
                    0);
            for (Endpoint endpoint : decider.endpoints()) {
                restore(endpoint, vector.object("endpoints").object(endpoint.id()));
            }
            Decision decision = decider.decide(ask(vector.object("request")), vector.number("now"));
            assertEquals(vector.number("drawn"), random.drawn(), "numbers drawn");
            if (vector.has("error")) {
                assertEquals(vector.string("error"), decision.refusal().words());
            } else {
                assertEquals(vector.string("picked"), decision.endpoint().id());
                assertEquals(vector.string("subset", null), decision.subset());
                assertEquals(vector.string("priority"), decision.priority());
            }
        });
    }

    private static Ask ask(JsonObject request) {
        String range = request.string("version", null);
        return new Ask(
                new Selector(
                        range == null ? null : VersionRange.parse(range),
                        request.strings("tags"),
                        request.stringMap("metadata")),
                request.stringMap("headers"),
                request.string("hash_key", null),
                Set.copyOf(request.strings("tried")));
    }

    private static void restore(Endpoint endpoint, JsonObject state) {
        for (long call = state.number("in_flight", 0); call > 0; call--) {
            endpoint.begin();
        }
        if (state.has("cost")) {
            endpoint.latency = new Endpoint.Latency(state.decimal("cost", 0), state.number("stamp"), true);
        }
        endpoint.current = state.decimal("current", 0);
        endpoint.ejectedUntil = state.number("ejected_until", Endpoint.NEVER);
        endpoint.slowStartedAt = state.number("slow_start_began", Endpoint.NEVER);
    }
}
