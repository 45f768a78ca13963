package registry.paste.scenario;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import registry.paste.client.ConfigItem;
import registry.paste.client.Pick;
import registry.paste.client.RegistrationBuilder;
import registry.paste.client.Registry;
import registry.paste.client.RegistryBuilder;
import registry.paste.client.Service;
import registry.paste.client.json.JsonObject;
import registry.paste.client.model.Instance;
import registry.paste.client.model.Outcome;

/** What each command does. */
final class Agent {
    private static final long CLOSE_NANOS_MAX = 11_500_000_000L;

    private final List<String> events = new CopyOnWriteArrayList<>();
    private Registry registry;

    Map<String, Object> answer(String command, JsonObject json) throws IOException, InterruptedException {
        return switch (command) {
            case "start" -> start(json);
            case "instances" -> instances(json);
            case "pick" -> pick(json);
            case "call" -> call(json);
            case "config" -> config(json);
            case "registered" -> Map.of("registered", registry.isRegistered());
            case "block" -> {
                Thread.sleep(json.number("ms"));
                yield Map.of("ok", true);
            }
            case "events" -> Map.of("events", List.copyOf(events));
            case "close" -> close();
            default -> throw new IllegalArgumentException("there is no command " + command);
        };
    }

    private Map<String, Object> start(JsonObject json) {
        // Some of the twelve seconds that closing may take are for the JDK's own thread: see close().
        RegistryBuilder builder = Registry.builder()
                .closeTimeout(Duration.ofSeconds(7))
                .urls(String.join(",", json.strings("urls")))
                .onEvent((name, fields) -> {
                    if (!name.equals("picked") && !name.equals("called")) {
                        System.err.println(name + " " + fields);
                        events.add(name);
                    }
                });
        String folder = json.string("snapshot_folder", null);
        if (folder != null) {
            builder.snapshotFolder(Path.of(folder));
        }
        registry = builder.connect();
        json.strings("services").forEach(registry::service);
        json.strings("configs").forEach(registry::config);
        JsonObject register = json.object("register");
        if (!register.fields().isEmpty()) {
            RegistrationBuilder registration = registry.registration(
                            register.string("service"), (int) register.number("port"))
                    .address(register.string("address"))
                    .id(register.string("id"));
            String version = register.string("version", null);
            (version == null ? registration : registration.version(version)).register();
        }
        return Map.of("ok", true);
    }

    private Map<String, Object> instances(JsonObject json) throws InterruptedException {
        Service service = registry.service(json.string("service"));
        if (!service.await(Duration.ofMillis(json.number("wait_ms", 0)))) {
            return Map.of("error", service.name() + " is not known yet");
        }
        return Map.of(
                "ids", service.instances().stream().map(Instance::id).toList(),
                "age_ms", service.age().orElse(Duration.ZERO).toMillis());
    }

    private Map<String, Object> pick(JsonObject json) {
        Service service = registry.service(json.string("service"));
        Map<String, Long> picked = new TreeMap<>();
        for (long count = json.number("count"); count > 0; count--) {
            try (Pick pick = service.choose()) {
                pick.done(Outcome.SUCCESS, Duration.ofMillis(1));
                picked.merge(pick.instance().id(), 1L, Long::sum);
            }
        }
        return Map.of("picked", picked);
    }

    private Map<String, Object> call(JsonObject json) throws InterruptedException {
        URI uri = URI.create("http://" + json.string("service") + json.string("path"));
        HttpRequest request = HttpRequest.newBuilder(uri).build();
        long ok = 0;
        long failed = 0;
        for (long count = json.number("count"); count > 0; count--) {
            try {
                HttpResponse<Void> answer = registry.http().send(request, HttpResponse.BodyHandlers.discarding());
                if (answer.statusCode() < 400) {
                    ok++;
                } else {
                    failed++;
                }
            } catch (IOException failure) {
                System.err.println("call: " + failure.getMessage());
                failed++;
            }
        }
        return Map.of("ok", ok, "failed", failed);
    }

    private Map<String, Object> config(JsonObject json) throws InterruptedException {
        ConfigItem item = registry.config(json.string("name"));
        Map<String, Object> answer = new HashMap<>();
        answer.put("content", null);
        if (item.await(Duration.ofMillis(json.number("wait_ms", 0)))) {
            item.value().ifPresent(value -> {
                answer.put("content", value.content());
                answer.put("release", value.release());
            });
        }
        return answer;
    }

    /** The JDK's own thread of a client of HTTP goes once that client was collected, which takes up to three seconds. */
    private Map<String, Object> close() throws InterruptedException {
        long end = System.nanoTime() + CLOSE_NANOS_MAX;
        if (registry != null) {
            registry.close();
            registry = null;
        }
        while (!threads().isEmpty() && System.nanoTime() < end) {
            System.gc();
            Thread.sleep(50);
        }
        return Map.of("left", threads());
    }

    private static List<String> threads() {
        List<String> names = new ArrayList<>();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith("paste-registry")
                    || thread.getName().startsWith("HttpClient")) {
                names.add(thread.getName());
            }
        }
        return names;
    }
}
