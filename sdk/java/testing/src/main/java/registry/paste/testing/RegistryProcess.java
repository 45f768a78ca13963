package registry.paste.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The real registry, as a process with a folder of its own. */
public final class RegistryProcess implements AutoCloseable {
    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private final Path folder;
    private final int port;
    private Process process;

    private RegistryProcess(Path folder, int port) {
        this.folder = folder;
        this.port = port;
    }

    /** Starts one and waits until it answers. */
    public static RegistryProcess start() {
        try {
            RegistryProcess registry = new RegistryProcess(Files.createTempDirectory("registry-java"), freePort());
            registry.run();
            return registry;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** A port that nobody listens at. */
    public static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static String binary() {
        String named = System.getenv("PASTE_REGISTRY_BIN");
        if (named != null && !named.isBlank()) {
            return named;
        }
        for (Path root = Path.of("").toAbsolutePath(); root != null; root = root.getParent()) {
            Path built = root.resolve("target/debug/paste-registry");
            if (Files.isExecutable(built)) {
                return built.toString();
            }
        }
        throw new IllegalStateException("name the registry's binary in PASTE_REGISTRY_BIN, or build it first");
    }

    /** Starts it again, at the same port, with what it had. */
    public void run() {
        try {
            ProcessBuilder builder = new ProcessBuilder(
                    binary(),
                    "serve",
                    "--http",
                    "127.0.0.1:" + port,
                    "--data-dir",
                    folder.resolve("data").toString());
            // The registry takes them for settings of its own.
            builder.environment().keySet().removeIf(name -> name.startsWith("PASTE_REGISTRY_"));
            process = builder.redirectErrorStream(true)
                    .redirectOutput(folder.resolve("log").toFile())
                    .start();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        Await.until("the registry answers", () -> {
            if (!process.isAlive()) {
                throw new IllegalStateException("the registry ended: " + Files.readString(folder.resolve("log")));
            }
            try {
                return send("GET", "/readyz", null).statusCode() == 200;
            } catch (UncheckedIOException notYet) {
                return false;
            }
        });
    }

    /** Kills it. */
    public void kill() {
        process.destroyForcibly();
        try {
            process.waitFor(20, TimeUnit.SECONDS);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    /** Takes all its data, while it isn't running. */
    public void forget() {
        delete(folder.resolve("data"));
    }

    public String url() {
        return "http://127.0.0.1:" + port;
    }

    /** Sends a request with a JSON body, or none; the answer, whatever it is. */
    public HttpResponse<String> send(String method, String path, String json) {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url() + path))
                .timeout(Duration.ofSeconds(20))
                .header("Content-Type", "application/json")
                .method(
                        method,
                        json == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(json))
                .build();
        try {
            return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } catch (InterruptedException stopping) {
            throw new IllegalStateException(stopping);
        }
    }

    /** Puts something there; an error if the registry doesn't take it. */
    public void put(String path, String json) {
        HttpResponse<String> answer = send("PUT", "/api/v1" + path, json);
        if (answer.statusCode() >= 300) {
            throw new IllegalStateException("PUT " + path + ": " + answer.body());
        }
    }

    /** Registers an instance that stays without heartbeats. */
    public void register(String service, String id, int instancePort, String more) {
        put(
                "/services/" + service + "/instances/" + id,
                "{\"address\":\"127.0.0.1\",\"port\":" + instancePort + ",\"ephemeral\":false" + more + "}");
    }

    /** The body of an answer. */
    public String get(String path) {
        return send("GET", "/api/v1" + path, null).body();
    }

    /** Removes something. */
    public void delete(String path) {
        send("DELETE", "/api/v1" + path, null);
    }

    @Override
    public void close() {
        kill();
        delete(folder);
    }

    private static void delete(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
