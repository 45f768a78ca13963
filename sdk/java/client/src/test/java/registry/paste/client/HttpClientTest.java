package registry.paste.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import registry.paste.testing.Await;
import registry.paste.testing.Backend;
import registry.paste.testing.RegistryProcess;

/** Calls to services, with real servers behind the real registry. */
class HttpClientTest {
    private static RegistryProcess registry;
    private static Registry client;

    @BeforeAll
    static void start() {
        registry = RegistryProcess.start();
        client = Clients.of(registry).connect();
    }

    @AfterAll
    static void stop() {
        client.close();
        registry.close();
    }

    private static HttpRequest.Builder request(String service, String path) {
        return HttpRequest.newBuilder(URI.create("http://" + service + path)).timeout(Duration.ofSeconds(30));
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return client.http().send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void callsAreSpreadAndTheirPathAndTraceAreKept() throws Exception {
        try (Backend one = new Backend("one");
                Backend two = new Backend("two")) {
            registry.register("spread", "one", one.port(), "");
            registry.register("spread", "two", two.port(), "");
            assertEquals(2, client.service("spread").instances().size());
            Set<String> bodies = new TreeSet<>();
            for (int call = 0; call < 60; call++) {
                bodies.add(send(request("spread", "/a%20b?c=d").header("traceparent", "00-trace"))
                        .body());
            }
            assertEquals(Set.of("one /a%20b?c=d", "two /a%20b?c=d"), bodies);
            assertEquals("00-trace", one.lastTrace());
        }
    }

    @Test
    void anInstanceThatIsNotThereIsPassedOver() throws Exception {
        try (Backend alive = new Backend("alive")) {
            registry.register("half", "alive", alive.port(), "");
            registry.register("half", "gone", RegistryProcess.freePort(), "");
            for (int call = 0; call < 20; call++) {
                HttpResponse<String> answer =
                        send(request("half", "/").POST(HttpRequest.BodyPublishers.ofString("order")));
                assertEquals(200, answer.statusCode());
            }
            assertEquals(20, alive.calls());
        }
    }

    @Test
    void statusesOfThePolicyAreTriedElsewhereIfThatIsSafe() throws Exception {
        try (Backend broken = new Backend("broken")) {
            broken.status(503);
            registry.register("broken", "b", broken.port(), "");
            assertEquals(503, send(request("broken", "/")).statusCode());
            assertEquals(3, broken.calls(), "one try and two retries");
            assertEquals(
                    503,
                    send(request("broken", "/").POST(HttpRequest.BodyPublishers.noBody()))
                            .statusCode());
            assertEquals(4, broken.calls(), "a POST is not sent again");
            send(request("broken", "/").header("Idempotency-Key", "1").POST(HttpRequest.BodyPublishers.noBody()));
            assertEquals(7, broken.calls(), "unless the caller says that it may be");
            send(request("broken", "/")
                    .PUT(HttpRequest.BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(new byte[3]))));
            assertEquals(8, broken.calls(), "a body of unknown length is sent once");
            broken.status(404);
            assertEquals(404, send(request("broken", "/")).statusCode());
            assertEquals(9, broken.calls(), "404 is an answer");
        }
    }

    @Test
    void whenNobodyIsLeftForARetryTheLastAnswerIsGiven() throws Exception {
        HttpServer last = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        last.createContext("/", exchange -> {
            registry.delete("/services/last/instances/l");
            Await.until(
                    "nobody is left", () -> client.service("last").instances().isEmpty());
            exchange.sendResponseHeaders(503, -1);
            exchange.close();
        });
        last.start();
        try {
            registry.register("last", "l", last.getAddress().getPort(), "");
            Await.until("it is there", () -> !client.service("last").instances().isEmpty());
            assertEquals(503, send(request("last", "/")).statusCode());
        } finally {
            last.stop(0);
        }
    }

    @Test
    void namesThatNoServiceCanHaveAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> send(request("-orders", "/")));
    }

    @Test
    void theTimeOutCoversAllTries() {
        try (Backend slow = new Backend("slow")) {
            slow.hang();
            registry.register("slow", "s", slow.port(), "");
            assertThrows(
                    HttpTimeoutException.class, () -> send(request("slow", "/").timeout(Duration.ofMillis(400))));
        }
    }

    @Test
    void callsThatAreCancelledEnd() {
        try (Backend slow = new Backend("slow")) {
            slow.hang();
            registry.register("cancelled", "s", slow.port(), "");
            CompletableFuture<HttpResponse<String>> call =
                    client.http().sendAsync(request("cancelled", "/").build(), HttpResponse.BodyHandlers.ofString());
            call.cancel(true);
            assertTrue(call.isCancelled());
        }
    }

    @Test
    void aServiceWithoutInstancesIsAnError() {
        IOException failure = assertThrows(IOException.class, () -> send(request("nobody", "/")));
        assertInstanceOf(NoInstanceException.class, failure.getCause());
        assertThrows(IOException.class, () -> client.http()
                .send(
                        HttpRequest.newBuilder(URI.create("http://nobody")).build(),
                        HttpResponse.BodyHandlers.ofString()));
    }
}
