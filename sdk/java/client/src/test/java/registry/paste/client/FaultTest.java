package registry.paste.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import registry.paste.client.model.Instance;
import registry.paste.client.model.Outcome;
import registry.paste.client.model.Status;
import registry.paste.client.wire.Time;
import registry.paste.testing.Await;

/** A registry that misbehaves as it is told. */
class FaultTest {
    private static final String SNAPSHOT = "id: e-0\n\nevent: snapshot\ndata: {\"service\":\"s\",\"revision\":1,"
            + "\"instances\":[{\"id\":\"a\",\"address\":\"127.0.0.1\",\"port\":1}]}\nid: e-1\n\n";

    private final List<String> resumed = new CopyOnWriteArrayList<>();
    private final List<String> heartbeats = new CopyOnWriteArrayList<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final CountDownLatch over = new CountDownLatch(1);
    private HttpServer server;
    private volatile String stream = SNAPSHOT;
    private volatile int status = 200;
    private volatile boolean isolated;
    private volatile boolean streamEnds;
    private volatile boolean registrationsHang;
    private volatile boolean garbage;
    private final AtomicInteger registrations = new AtomicInteger();
    private final AtomicInteger ended = new AtomicInteger();

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/api/v1/watch", this::watch);
        server.createContext("/api/v1/sessions/", exchange -> {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            if (exchange.getRequestMethod().equals("POST")) {
                heartbeats.add(body);
            } else {
                ended.incrementAndGet();
            }
            exchange.sendResponseHeaders(status == 200 ? 204 : status, -1);
            exchange.close();
        });
        server.createContext("/api/v1/services/", this::registration);
        server.start();
    }

    private void registration(HttpExchange exchange) throws IOException {
        exchange.getRequestBody().readAllBytes();
        registrations.incrementAndGet();
        String path = exchange.getRequestURI().getPath();
        try (exchange) {
            if (registrationsHang) {
                over.await();
            }
            String id = path.substring(path.lastIndexOf('/') + 1);
            byte[] body = (garbage ? "<html>" : "{\"id\":\"" + id + "\"}").getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    private void watch(HttpExchange exchange) throws IOException {
        resumed.add(String.valueOf(exchange.getRequestHeaders().getFirst("Last-Event-ID")));
        exchange.getRequestBody().readAllBytes();
        exchange.getResponseHeaders().add("Content-Type", "text/event-stream");
        if (isolated) {
            exchange.getResponseHeaders().add("X-Registry-Isolated", "1");
        }
        exchange.sendResponseHeaders(status, 0);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(stream.getBytes(StandardCharsets.UTF_8));
            out.flush();
            if (!streamEnds) {
                over.await();
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    @AfterEach
    void stop() {
        over.countDown();
        server.stop(0);
        threads.shutdownNow();
    }

    /** Draws what makes waits short: a 512th of the longest. */
    private RegistryBuilder client() {
        return Clients.of("http://127.0.0.1:" + server.getAddress().getPort())
                .requestTimeout(Duration.ofSeconds(20))
                .timeAndRandom(Time.system(), () -> 1L << 55);
    }

    private static List<String> ids(Service service) {
        return service.instances().stream().map(Instance::id).toList();
    }

    @Test
    void errorsAreTriedAgain() {
        status = 500;
        List<String> events = new CopyOnWriteArrayList<>();
        try (Registry client =
                client().onEvent((name, fields) -> events.add(name)).connect()) {
            Service service = client.service("s");
            Await.until("it tries again", () -> events.contains("retrying"));
            status = 200;
            Await.until("it is known", () -> service.await(Duration.ofMillis(1)));
            assertEquals(List.of("a"), ids(service));
        }
    }

    @Test
    void garbageEndsTheStreamAndChangesNothing() {
        streamEnds = true;
        try (Registry client = client().connect()) {
            Service service = client.service("s");
            assertEquals(List.of("a"), ids(service));
            Await.until("it resumes", () -> resumed.contains("e-1"));
            stream = "event: delta\ndata: {\"service\":\"s\",\"revi\n\n";
            int before = resumed.size();
            Await.until("it begins anew", () -> resumed.subList(before, resumed.size())
                    .contains("null"));
            assertEquals(List.of("a"), ids(service));
            stream = "\u0000\u0001 nonsense \n\n\n event";
            int then = resumed.size();
            Await.until("it goes on trying", () -> resumed.size() > then + 1);
            assertEquals(List.of("a"), ids(service));
        }
    }

    @Test
    void heartbeatsCarryCallsUntilTheyAreTaken() throws Exception {
        try (Registry client = client().connect()) {
            assertTrue(client.register("me", 1).await(Duration.ofSeconds(40)));
            assertEquals(List.of("a"), ids(client.service("s")));
            status = 503;
            Await.until("a heartbeat fails", () -> !client.isRegistered() && !heartbeats.isEmpty());
            client.service("s").choose().done(Outcome.FAILURE, Duration.ofMillis(1));
            client.served().begin();
            client.served().end(true);
            status = 200;
            String calls = "\"calls\":[{\"service\":\"s\",\"count\":1,\"errors\":1,\"latency\":[0,0,0,0,0,0,0,1]}]";
            Await.until("calls are told", () -> heartbeats.stream().anyMatch(beat -> beat.contains(calls)));
            Await.until("and served ones", () -> heartbeats.stream()
                    .anyMatch(beat -> beat.contains("\"requests\":1,\"errors\":1")));
            int told = heartbeats.size();
            Await.until("the next come", () -> heartbeats.size() > told + 2);
            assertEquals(false, heartbeats.get(heartbeats.size() - 1).contains("calls"));
        }
    }

    @Test
    void heartbeatsGoOnWhileAStatusIsNotAnswered() throws Exception {
        try (Registry client = client().closeTimeout(Duration.ofSeconds(3)).connect()) {
            Registration registration = client.register("me", 1);
            assertTrue(registration.await(Duration.ofSeconds(40)));
            registrationsHang = true;
            int told = registrations.get();
            registration.status(Status.MAINTENANCE);
            Await.until("the status is under way", () -> registrations.get() > told);
            int before = heartbeats.size();
            Await.until("heartbeats go on", () -> heartbeats.size() > before + 2);
            assertTrue(registration.isRegistered());
            over.countDown();
        }
    }

    @Test
    void whatIsNotTheRegistryRegistersNobody() throws Exception {
        garbage = true;
        try (Registry client = client().connect()) {
            Registration registration = client.register("me", 1);
            Await.until("it is tried again", () -> registrations.get() > 2);
            assertEquals(false, registration.isRegistered());
            garbage = false;
            assertTrue(registration.await(Duration.ofSeconds(40)));
        }
    }

    @Test
    void a404WithoutCodeDoesNotRegisterAgain() throws Exception {
        try (Registry client = client().connect()) {
            Registration registration = client.register("me", 1);
            assertTrue(registration.await(Duration.ofSeconds(40)));
            status = 404;
            Await.until("it fails", () -> !client.isRegistered());
            int before = heartbeats.size();
            Await.until("heartbeats go on", () -> heartbeats.size() > before + 2);
            assertEquals(1, registrations.get());
            status = 200;
            Await.until("heartbeats are taken", client::isRegistered);
        }
    }

    @Test
    void aRegistrationThatWasNotAnsweredIsEndedToo() {
        registrationsHang = true;
        try (Registry client = client().connect()) {
            client.register("me", 1);
            Await.until("it is under way", () -> registrations.get() > 0);
            status = 503;
            Thread closing = new Thread(client::close);
            closing.start();
            Await.until("the end is tried again", () -> ended.get() > 2);
            status = 200;
            Await.until("it has ended", () -> !closing.isAlive());
        }
    }

    @Test
    void oneNodeThatIsIsolatedIsKept() {
        isolated = true;
        try (Registry client = client().connect()) {
            assertEquals(List.of("a"), ids(client.service("s")));
        }
    }
}
