package registry.paste.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import registry.paste.testing.Await;
import registry.paste.testing.Backend;
import registry.paste.testing.RegistryProcess;

/** Nothing is left behind. */
class CloseTest {
    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("paste-registry"))
                .toList();
    }

    /** The JDK's own thread of a client of HTTP goes after that was collected. */
    private static long selectors() {
        System.gc();
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("HttpClient"))
                .count();
    }

    @Test
    void noThreadIsLeft() throws Exception {
        try (RegistryProcess registry = RegistryProcess.start();
                Backend backend = new Backend("b")) {
            registry.register("left", "b", backend.port(), "");
            long selectors = selectors();
            Registry client = Clients.of(registry).connect();
            client.register("left", 3001).await(Duration.ofSeconds(40));
            client.config("g/k").onChange(value -> {});
            client.service("left").onChange(service -> {});
            client.http()
                    .send(
                            HttpRequest.newBuilder(URI.create("http://left/")).build(),
                            HttpResponse.BodyHandlers.discarding());
            client.close();
            client.close();
            client = null;
            Await.until("all threads are gone", () -> threads().isEmpty());
            Await.until("the JDK's are, too", () -> selectors() <= selectors);
        }
    }

    @Test
    void whatIsClosedStaysSo() {
        Registry client =
                Clients.of("http://127.0.0.1:" + RegistryProcess.freePort()).connect();
        client.service("known");
        client.close();
        assertThrows(IllegalStateException.class, () -> client.service("known"));
        assertThrows(IllegalStateException.class, () -> client.service("new"));
        assertThrows(IllegalStateException.class, () -> client.config("g/k"));
        assertThrows(IllegalStateException.class, () -> client.register("new", 1));
        Await.until("all threads are gone", () -> threads().isEmpty());
    }

    @Test
    void closingDuringReconnectEndsInItsTime() {
        List<String> events = new CopyOnWriteArrayList<>();
        Registry client = Clients.of("http://127.0.0.1:" + RegistryProcess.freePort())
                .closeTimeout(Duration.ofSeconds(2))
                .onEvent((name, fields) -> events.add(name))
                .connect();
        client.service("any");
        client.register("any", 3002);
        Await.until("it tries again", () -> events.contains("retrying"));
        client.close();
        Await.until("all threads are gone", () -> threads().isEmpty());
    }

    @Test
    void theShutdownHookDrainsAndDeregisters() throws Exception {
        try (RegistryProcess registry = RegistryProcess.start()) {
            Process process = new ProcessBuilder(
                            System.getProperty("java.home") + "/bin/java",
                            "-cp",
                            System.getProperty("java.class.path"),
                            Stopped.class.getName(),
                            registry.url())
                    .inheritIO()
                    .start();
            Await.until("it is registered", () -> registry.get("/services/stopped/instances")
                    .contains("3003"));
            process.destroy();
            assertTrue(process.waitFor(40, TimeUnit.SECONDS));
            assertEquals(
                    true, registry.get("/services/stopped/instances?all=true").contains("\"instances\":[]"));
        }
    }

    /** A program that is stopped by a signal. */
    static final class Stopped {
        private Stopped() {}

        public static void main(String[] arguments) throws InterruptedException {
            Registry registry = Registry.builder()
                    .urls(arguments[0])
                    .token(null)
                    .drainDelay(Duration.ofMillis(100))
                    .connect();
            registry.register("stopped", 3003);
            Thread.sleep(Duration.ofMinutes(2).toMillis());
        }
    }
}
