package registry.paste.samples;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import registry.paste.client.Registry;

/**
 * Calls a service ten times a second through the HTTP client. Stop instances, or the registry itself: calls go on. Arguments:
 * service, folder for the copy on disk, count.
 */
public final class Failover {
    private Failover() {}

    /** Runs until it has called often enough. */
    public static void main(String[] arguments) throws Exception {
        String name = arguments.length > 0 ? arguments[0] : "orders";
        Path folder = Path.of(arguments.length > 1 ? arguments[1] : System.getProperty("java.io.tmpdir"));
        int count = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 600;
        try (Registry registry = Registry.builder()
                .snapshotFolder(folder)
                .onEvent((event, fields) -> {
                    if (!event.equals("picked") && !event.equals("called")) {
                        System.out.println(event + " " + fields);
                    }
                })
                .connect()) {
            HttpRequest request =
                    HttpRequest.newBuilder(URI.create("http://" + name + "/")).build();
            for (int call = 0; call < count; call++) {
                try {
                    HttpResponse<String> answer = registry.http().send(request, HttpResponse.BodyHandlers.ofString());
                    System.out.print(answer.statusCode() + " " + answer.body());
                } catch (IOException failure) {
                    System.out.println("failed: " + failure.getMessage());
                }
                Thread.sleep(100);
            }
        }
    }
}
