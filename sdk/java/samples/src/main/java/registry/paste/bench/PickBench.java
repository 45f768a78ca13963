package registry.paste.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongConsumer;
import registry.paste.client.json.JsonObject;
import registry.paste.client.model.Instance;
import registry.paste.client.model.Outcome;
import registry.paste.client.model.Policy;
import registry.paste.client.traffic.Ask;
import registry.paste.client.traffic.Decider;
import registry.paste.client.traffic.Decision;
import registry.paste.client.wire.InstanceJson;
import registry.paste.client.wire.PolicyJson;

/** Decisions per second on one thread, with and without an outcome, beside a bare choice from a list. */
final class PickBench {
    private static final int INSTANCES = 10;
    private static final long COUNT = 5_000_000;
    private static final int ROUNDS = 5;

    /** Written, so that nothing is optimised away. */
    private static volatile Object sink;

    private PickBench() {}

    static void run() {
        List<Instance> instances = instances(INSTANCES);
        double bare = rate(count -> {
            Object last = null;
            for (long index = 0; index < count; index++) {
                last = instances.get(ThreadLocalRandom.current().nextInt(instances.size()));
            }
            sink = last;
        });
        Bench.print("bare_random_choice", "instances", INSTANCES, "per_second", Math.round(bare));
        for (Policy.Balancer.Kind kind : Policy.Balancer.Kind.values()) {
            measure(kind, instances, bare);
        }
    }

    static List<Instance> instances(int count) {
        List<Instance> instances = new ArrayList<>();
        for (int index = 0; index < count; index++) {
            String id = String.format("i-%05d", index);
            instances.add(
                    InstanceJson.read(new JsonObject(Map.of("id", id, "address", "10.0.0.1", "port", 1000L + index))));
        }
        return instances;
    }

    private static void measure(Policy.Balancer.Kind kind, List<Instance> instances, double bare) {
        Decider decider =
                new Decider(null, null, () -> ThreadLocalRandom.current().nextLong(), ejected -> {});
        String word = kind.name().toLowerCase(Locale.ROOT);
        decider.update(
                instances, false, PolicyJson.read(JsonObject.read("{\"balancer\":{\"kind\":\"" + word + "\"}}")), 0);
        Ask ask = new Ask(Ask.ANY.selector(), Map.of(), "key", Ask.ANY.tried());
        double picks = rate(count -> {
            Object last = null;
            for (long index = 0; index < count; index++) {
                last = decider.decide(ask, System.nanoTime()).endpoint();
            }
            sink = last;
        });
        double calls = rate(count -> {
            for (long index = 0; index < count; index++) {
                Decision decision = decider.decide(ask, System.nanoTime());
                decision.endpoint().begin();
                decision.endpoint().end();
                decider.outcome(decision.endpoint(), Outcome.SUCCESS, 1_000_000, System.nanoTime());
            }
        });
        Bench.print(
                "picks",
                "balancer",
                word,
                "instances",
                instances.size(),
                "per_second",
                Math.round(picks),
                "of_bare",
                Math.round(picks / bare * 1000) / 1000.0,
                "with_outcome_per_second",
                Math.round(calls));
    }

    /** The best of some rounds. */
    private static double rate(LongConsumer work) {
        double best = 0;
        for (int round = 0; round < ROUNDS; round++) {
            long begun = System.nanoTime();
            work.accept(COUNT);
            best = Math.max(best, COUNT / ((System.nanoTime() - begun) / 1e9));
        }
        return best;
    }
}
