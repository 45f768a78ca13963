package registry.paste.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.Optional;
import registry.paste.client.Registry;
import registry.paste.client.Service;

/** The time from sending a change to the registry until the copy has it, on one machine. */
final class ChangeBench {
    private static final int COUNT = 100;

    /** The registry merges changes of a service that follow within 50 ms; each is to be measured alone. */
    private static final long PAUSE_MILLIS = 120;

    private ChangeBench() {}

    static void run() throws IOException, InterruptedException {
        HttpClient http =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        String url = Optional.ofNullable(System.getenv("PASTE_REGISTRY_URL")).orElse("http://127.0.0.1:7750");
        long[] written = new long[COUNT];
        long[] seen = new long[COUNT];
        try (Registry registry = Registry.connect()) {
            Service service = registry.service("bench-changes");
            service.instances();
            for (int index = 0; index < COUNT; index++) {
                Thread.sleep(PAUSE_MILLIS);
                int weight = index + 1;
                HttpRequest request = HttpRequest.newBuilder(
                                URI.create(url + "/api/v1/services/bench-changes/instances/one"))
                        .header("Content-Type", "application/json")
                        .PUT(HttpRequest.BodyPublishers.ofString("{\"address\":\"127.0.0.1\",\"port\":1,"
                                + "\"ephemeral\":false,\"weight\":" + weight + "}"))
                        .build();
                long begun = System.nanoTime();
                http.send(request, HttpResponse.BodyHandlers.discarding());
                written[index] = System.nanoTime() - begun;
                while (service.instances().isEmpty()
                        || service.instances().get(0).weight() != weight) {
                    Thread.onSpinWait();
                }
                seen[index] = System.nanoTime() - begun;
            }
        }
        Arrays.sort(written);
        Arrays.sort(seen);
        Bench.print(
                "change_to_copy",
                "changes",
                COUNT,
                "p50_us",
                seen[COUNT / 2] / 1000,
                "p99_us",
                seen[COUNT * 99 / 100] / 1000,
                "write_alone_p50_us",
                written[COUNT / 2] / 1000);
    }
}
