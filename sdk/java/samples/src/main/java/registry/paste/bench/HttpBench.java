package registry.paste.bench;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import registry.paste.client.Registry;

/** Calls one after another through the wrapper, beside the bare client, in turn. */
final class HttpBench {
    private static final int COUNT = 3_000;
    private static final int ROUNDS = 6;

    private HttpBench() {}

    static void run() throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        ExecutorService threads = Executors.newFixedThreadPool(2);
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        server.start();
        int port = server.getAddress().getPort();
        HttpClient bare =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        try (Registry registry = Registry.connect()) {
            registry.registration("bench-http", port)
                    .address("127.0.0.1")
                    .register()
                    .await(Duration.ofSeconds(10));
            while (registry.service("bench-http").instances().isEmpty()) {
                Thread.sleep(10);
            }
            double bareBest = Double.MAX_VALUE;
            double wrappedBest = Double.MAX_VALUE;
            for (int round = 0; round < ROUNDS; round++) {
                bareBest = Math.min(bareBest, micros(bare, "http://127.0.0.1:" + port + "/"));
                wrappedBest = Math.min(wrappedBest, micros(registry.http(), "http://bench-http/"));
            }
            Bench.print(
                    "http_wrapper",
                    "bare_us",
                    Math.round(bareBest * 10) / 10.0,
                    "wrapped_us",
                    Math.round(wrappedBest * 10) / 10.0,
                    "overhead_percent",
                    Math.round((wrappedBest / bareBest - 1) * 1000) / 10.0);
        } finally {
            server.stop(0);
            threads.shutdownNow();
        }
    }

    private static double micros(HttpClient client, String url) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url)).build();
        long begun = System.nanoTime();
        for (int call = 0; call < COUNT; call++) {
            client.send(request, HttpResponse.BodyHandlers.discarding());
        }
        return (System.nanoTime() - begun) / 1e3 / COUNT;
    }
}
