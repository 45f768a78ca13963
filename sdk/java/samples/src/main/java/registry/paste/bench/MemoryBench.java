package registry.paste.bench;

import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import registry.paste.client.copy.ConfigCopy;
import registry.paste.client.copy.LocalCopy;
import registry.paste.client.copy.ServiceCopy;
import registry.paste.client.json.JsonObject;
import registry.paste.client.traffic.Ask;
import registry.paste.client.traffic.Decider;
import registry.paste.client.wire.Time;

/** The heap that 10,000 instances take, with all that is derived from them. */
final class MemoryBench {
    private static final int INSTANCES = 10_000;

    private MemoryBench() {}

    static void run() throws InterruptedException {
        long before = used();
        LocalCopy copy = new LocalCopy(
                Time.system(), name -> new Decider(null, null, () -> 42, ejected -> {}), new LocalCopy.Listener() {
                    @Override
                    public void changed(ServiceCopy service) {
                        // Nobody listens.
                    }

                    @Override
                    public void changed(ConfigCopy config) {
                        // Nobody listens.
                    }

                    @Override
                    public void confirmed(ConfigCopy config) {
                        // Nobody listens.
                    }
                });
        ServiceCopy service = copy.service("large");
        copy.snapshot(JsonObject.read(snapshot()), "epoch");
        service.decider().decide(Ask.ANY, 0);
        long after = used();
        Bench.print(
                "memory",
                "instances",
                service.instances().size(),
                "bytes",
                after - before,
                "bytes_per_instance",
                (after - before) / INSTANCES);
    }

    private static String snapshot() {
        return IntStream.range(0, INSTANCES)
                .mapToObj(
                        index -> "{\"id\":\"node-" + index + "\",\"address\":\"10.0." + index / 250 + "." + index % 250
                                + "\",\"port\":8080,\"version\":\"1.4.2\",\"zone\":\"eu-1a\",\"tags\":[\"blue\",\"http\"],"
                                + "\"metadata\":{\"team\":\"shop\",\"rack\":\"r" + index % 40 + "\"},\"weight\":100}")
                .collect(Collectors.joining(
                        ",", "{\"service\":\"large\",\"revision\":1,\"protected\":false,\"instances\":[", "]}"));
    }

    private static long used() throws InterruptedException {
        long[] samples = new long[5];
        for (int index = 0; index < samples.length; index++) {
            System.gc();
            Thread.sleep(100);
            samples[index] =
                    Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
        }
        return Arrays.stream(samples).min().orElseThrow();
    }
}
