package registry.paste.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import registry.paste.testing.Await;
import registry.paste.testing.RegistryProcess;

/** Configuration, against the real registry. */
class ConfigTest {
    private static RegistryProcess registry;

    @BeforeAll
    static void start() {
        registry = RegistryProcess.start();
    }

    @AfterAll
    static void stop() {
        registry.close();
    }

    private static void release(String key, String content) {
        registry.put("/configs/shop/" + key, "{\"content\":\"" + content + "\",\"format\":\"text\"}");
    }

    @Test
    void releasesAreLoadedFollowedAndAcknowledged() throws Exception {
        release("followed", "one");
        try (Registry client = Clients.of(registry).connect()) {
            assertTrue(client.register("shop", 2001).await(Duration.ofSeconds(40)));
            ConfigItem item = client.config("shop/followed");
            assertEquals("one", item.value().orElseThrow().content());
            List<Optional<String>> applied = new CopyOnWriteArrayList<>();
            item.onChange(value -> applied.add(value.map(ConfigItem.Value::content)));
            Await.until("what is in use is applied", () -> applied.contains(Optional.of("one")));
            release("followed", "two");
            Await.until("the next is applied", () -> applied.contains(Optional.of("two")));
            assertEquals(2, item.value().orElseThrow().release());
            Await.until("it is acknowledged", () -> subscribers("followed").contains("\"release\":2"));
            registry.delete("/configs/shop/followed");
            Await.until("it is removed", () -> applied.contains(Optional.empty()));
            assertTrue(item.value().isEmpty());
        }
    }

    @Test
    void whatCannotBeAppliedIsToldToTheRegistry() throws Exception {
        try (Registry client = Clients.of(registry).connect()) {
            assertTrue(client.register("shop", 2002).await(Duration.ofSeconds(40)));
            ConfigItem item = client.config("shop/refused");
            assertTrue(item.value().isEmpty());
            item.onChange(value -> {
                if (value.isPresent()) {
                    throw new IllegalStateException("no such colour");
                }
            });
            release("refused", "mauve");
            Await.until("it is told", () -> subscribers("refused").contains("no such colour"));
        }
    }

    @Test
    void aNodeThatForgotWhoHasWhatIsToldAgain() throws Exception {
        try (RegistryProcess own = RegistryProcess.start();
                Registry client = Clients.of(own).connect()) {
            own.put("/configs/shop/again", "{\"content\":\"x\",\"format\":\"text\"}");
            assertTrue(client.register("shop", 2003).await(Duration.ofSeconds(40)));
            client.config("shop/again").onChange(value -> {
                throw new IllegalStateException("no such colour");
            });
            Await.until("it is told", () -> own.get("/configs/shop/again/subscribers")
                    .contains("no such colour"));
            own.kill();
            own.run();
            // A stream that asks for more begins anew, and tells all of it.
            client.service("more");
            Await.until("it is told again", () -> own.get("/configs/shop/again/subscribers")
                    .contains("no such colour"));
        }
    }

    private static String subscribers(String key) {
        return registry.get("/configs/shop/" + key + "/subscribers");
    }

    @Test
    void aNameNeedsAGroup() {
        try (Registry client = Clients.of(registry).connect()) {
            assertThrows(IllegalArgumentException.class, () -> client.config("app.yaml"));
        }
    }
}
