package registry.paste.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import registry.paste.client.model.Status;
import registry.paste.testing.Await;
import registry.paste.testing.RegistryProcess;

/** Registrations, against the real registry. */
class RegistrationTest {
    private static final Duration LONG = Duration.ofSeconds(40);
    private static RegistryProcess registry;

    @BeforeAll
    static void start() {
        registry = RegistryProcess.start();
    }

    @AfterAll
    static void stop() {
        registry.close();
    }

    @Test
    void whatWasSaidIsRegisteredAndGoneAfterClosing() throws Exception {
        List<String> events = new CopyOnWriteArrayList<>();
        try (Registry client = Clients.of(registry)
                .zone("eu-1a")
                .onEvent((name, fields) -> events.add(name))
                .connect()) {
            Registration registration = client.registration("whole", 8080)
                    .version("1.4.2")
                    .tags("blue")
                    .metadata("team", "shop")
                    .weight(50)
                    .register();
            assertTrue(registration.await(LONG));
            assertTrue(client.isRegistered());
            String stored = registry.get("/services/whole/instances/" + registration.id());
            for (String part : List.of(
                    "\"address\":\"127.0.0.1\"",
                    "\"version\":\"1.4.2\"",
                    "\"zone\":\"eu-1a\"",
                    "\"tags\":[\"blue\"]",
                    "\"team\":\"shop\"",
                    "\"weight\":50",
                    "\"session\":\"" + client.session() + "\"")) {
                assertTrue(stored.contains(part), part + " in " + stored);
            }
        }
        assertTrue(registry.get("/services/whole/instances?all=true").contains("\"instances\":[]"));
        assertTrue(events.containsAll(List.of("registered", "deregistered")), events.toString());
    }

    @Test
    void oneOfTwoCanBeRemoved() throws Exception {
        try (Registry client = Clients.of(registry).connect()) {
            Registration first = client.register("pair", 1001);
            Registration second = client.register("pair", 1002);
            assertTrue(first.await(LONG) && second.await(LONG));
            first.close();
            String left = registry.get("/services/pair/instances?all=true");
            assertFalse(left.contains("1001"), left);
            assertTrue(left.contains("1002"), left);
        }
    }

    @Test
    void aStatusIsToldToTheRegistry() throws Exception {
        try (Registry client = Clients.of(registry).connect()) {
            Registration registration = client.register("moods", 1003);
            assertTrue(registration.await(LONG));
            registration.status(Status.MAINTENANCE);
            Await.until("the status is there", () -> registry.get("/services/moods/instances/" + registration.id())
                    .contains("\"status\":\"maintenance\""));
        }
    }

    @Test
    void whatTheRegistryRefusesIsHandedToTheCaller() {
        try (Registry client = Clients.of(registry).connect()) {
            Registration registration =
                    client.registration("wrong", 1004).version("not a version").register();
            RegistrationRefusedException refusal =
                    assertThrows(RegistrationRefusedException.class, () -> registration.await(LONG));
            assertEquals(400, refusal.status());
            assertEquals("invalid-field", refusal.code());
            assertTrue(refusal.getMessage().contains("version"), refusal.getMessage());
        }
    }

    @Test
    void aRegistryThatLostItsDataIsToldAgain() throws Exception {
        try (RegistryProcess own = RegistryProcess.start();
                Registry client = Clients.of(own).connect()) {
            Registration registration = client.register("again", 1005);
            assertTrue(registration.await(LONG));
            assertEquals(1, client.service("again").instances().size());
            own.kill();
            own.forget();
            own.run();
            Await.until("it is there again", () -> own.get("/services/again/instances")
                    .contains(registration.id()));
            Await.until("heartbeats are taken", client::isRegistered);
            assertEquals(1, client.service("again").instances().size());
        }
    }

    @Test
    void aRegistryThatIsAwayAtTheStartIsWaitedFor() throws Exception {
        try (RegistryProcess own = RegistryProcess.start()) {
            own.kill();
            try (Registry client = Clients.of(own).connect()) {
                Registration registration = client.register("late", 1006);
                assertFalse(registration.await(Duration.ofMillis(50)));
                own.run();
                assertTrue(registration.await(LONG));
            }
        }
    }
}
