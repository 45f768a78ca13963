package registry.paste.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import registry.paste.client.model.Instance;
import registry.paste.client.model.Outcome;
import registry.paste.testing.Await;
import registry.paste.testing.RegistryProcess;

/** The local copy, against the real registry. */
class DiscoveryTest {
    private static RegistryProcess registry;

    @BeforeAll
    static void start() {
        registry = RegistryProcess.start();
    }

    @AfterAll
    static void stop() {
        registry.close();
    }

    private static List<String> ids(Service service) {
        return service.instances().stream().map(Instance::id).toList();
    }

    @Test
    void changesComeByThemselves() {
        registry.register("moving", "a", 1, "");
        try (Registry client = Clients.of(registry).connect()) {
            Service service = client.service("moving");
            AtomicInteger calls = new AtomicInteger();
            Subscription subscription = service.onChange(changed -> calls.incrementAndGet());
            assertEquals(List.of("a"), ids(service));
            registry.register("moving", "b", 2, "");
            Await.until("b is there", () -> ids(service).equals(List.of("a", "b")));
            registry.delete("/services/moving/instances/a");
            Await.until("a is gone", () -> ids(service).equals(List.of("b")));
            Await.until("the callback was called", () -> calls.get() > 0);
            subscription.close();
            assertEquals(Duration.ZERO, service.age().orElseThrow());
        }
    }

    @Test
    void aServiceThatNobodyRegisteredIsEmptyAndSaysSo() {
        try (Registry client = Clients.of(registry).connect()) {
            Service service = client.service("nobody");
            assertEquals(List.of(), service.instances());
            NoInstanceException none = assertThrows(NoInstanceException.class, service::choose);
            assertEquals(NoInstanceException.Reason.NO_INSTANCES, none.reason());
        }
    }

    @Test
    void manyServicesShareStreamsThatAreOpenedAnew() {
        try (Registry client = Clients.of(registry).connect()) {
            for (int number = 0; number < 130; number++) {
                client.service("many-" + number);
            }
            registry.register("many-0", "x", 1, "");
            registry.register("many-129", "x", 1, "");
            Await.until(
                    "first and last are there",
                    () -> ids(client.service("many-0")).equals(List.of("x"))
                            && ids(client.service("many-129")).equals(List.of("x")));
        }
    }

    @Test
    void choosingFollowsVersionsTagsAndMetadata() {
        registry.register("shop", "old", 1, ",\"version\":\"1.2.0\",\"tags\":[\"slow\"]");
        registry.register("shop", "new", 2, ",\"version\":\"2.0.0\",\"metadata\":{\"k\":\"v\"}");
        try (Registry client = Clients.of(registry).connect()) {
            Service service = client.service("shop");
            assertEquals("old", chosen(service, PickRequest.any().version("^1")));
            assertEquals("old", chosen(service, PickRequest.any().tags("slow")));
            assertEquals("new", chosen(service, PickRequest.any().metadata("k", "v")));
            assertEquals("new", chosen(service, PickRequest.any().excluding(List.of("old"))));
            NoInstanceException none = assertThrows(
                    NoInstanceException.class,
                    () -> service.choose(PickRequest.any().version(">=3")));
            assertEquals(NoInstanceException.Reason.NONE_MATCH, none.reason());
            assertThrows(IllegalArgumentException.class, () -> PickRequest.any().version("latest"));
            try (Pick pick = service.choose(PickRequest.any().version("^2").traced())) {
                assertTrue(pick.trace().contains("picked: new"), pick.trace().toString());
                pick.done(Outcome.SUCCESS);
            }
        }
    }

    private static String chosen(Service service, PickRequest request) {
        try (Pick pick = service.choose(request)) {
            return pick.instance().id();
        }
    }

    @Test
    void aRegistryThatGoesAwayChangesNothing() {
        try (RegistryProcess own = RegistryProcess.start()) {
            own.register("steady", "a", 1, "");
            List<String> events = new CopyOnWriteArrayList<>();
            try (Registry client =
                    Clients.of(own).onEvent((name, fields) -> events.add(name)).connect()) {
                Service service = client.service("steady");
                assertEquals(List.of("a"), ids(service));
                own.kill();
                Await.until("the loss is noticed", () -> events.contains("disconnected"));
                Await.until("the age grows", () -> service.age().orElseThrow().toMillis() > 0);
                assertEquals(List.of("a"), ids(service));
                own.run();
                own.register("steady", "b", 2, "");
                Await.until("it goes on", () -> ids(service).equals(List.of("a", "b")));
            }
        }
    }

    @Test
    void aNewHistoryKeepsWhoWasKnown() {
        try (RegistryProcess own = RegistryProcess.start()) {
            own.register("kept", "a", 1, "");
            List<String> events = new CopyOnWriteArrayList<>();
            try (Registry client =
                    Clients.of(own).onEvent((name, fields) -> events.add(name)).connect()) {
                Service service = client.service("kept");
                assertEquals(List.of("a"), ids(service));
                own.kill();
                own.forget();
                own.run();
                Await.until("the reset was seen", () -> events.contains("reset"));
                own.register("kept", "b", 2, "");
                Await.until("both are there", () -> ids(service).equals(List.of("a", "b")));
            }
        }
    }

    @Test
    void withoutRegistryTheErrorSaysWhy() {
        try (Registry client = Clients.of("http://127.0.0.1:" + RegistryProcess.freePort())
                .requestTimeout(Duration.ofMillis(300))
                .connect()) {
            Service service = client.service("unknown");
            NotKnownYetException unknown = assertThrows(NotKnownYetException.class, service::instances);
            assertTrue(unknown.getMessage().contains("not known yet"), unknown.getMessage());
            assertTrue(service.age().isEmpty());
        }
    }

    @Test
    void theCopyOnDiskIsUsedWithoutTheRegistry(@TempDir Path folder) throws Exception {
        registry.register("stored", "a", 1, ",\"version\":\"1.0.0\"");
        registry.put("/configs/stored/app.yaml", "{\"content\":\"a: 1\",\"format\":\"yaml\"}");
        try (Registry client = Clients.of(registry).snapshotFolder(folder).connect()) {
            assertEquals(List.of("a"), ids(client.service("stored")));
            assertEquals(
                    "a: 1",
                    client.config("stored/app.yaml").value().orElseThrow().content());
        }
        assertTrue(Files.exists(folder.resolve("default.json")));
        List<String> events = new CopyOnWriteArrayList<>();
        try (Registry client = Clients.of("http://127.0.0.1:" + RegistryProcess.freePort())
                .snapshotFolder(folder)
                .onEvent((name, fields) -> events.add(name))
                .connect()) {
            Service service = client.service("stored");
            assertEquals(List.of("a"), ids(service));
            assertEquals("a", chosen(service, PickRequest.any().version("^1")));
            assertEquals(
                    "a: 1",
                    client.config("stored/app.yaml").value().orElseThrow().content());
            assertTrue(events.contains("snapshot-loaded"));
            assertTrue(service.age().isPresent());
        }
    }
}
