package registry.paste.client.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Names that the registry takes. */
class NamesTest {
    @Test
    void namesAreThoseOfTheRegistry() {
        for (String good : List.of("a", "orders", "shop.Orders_v2-eu", "x".repeat(128))) {
            assertEquals(good, Names.service(good));
            assertEquals(good + "/" + good, Names.item(good + "/" + good));
        }
        for (String bad : List.of("", "-a", "a-", "a b", "a:b", "größe", "x".repeat(129), "a/b", "a\n")) {
            assertThrows(IllegalArgumentException.class, () -> Names.service(bad), bad);
            assertThrows(IllegalArgumentException.class, () -> Names.item("g/" + bad), bad);
            assertThrows(IllegalArgumentException.class, () -> Names.item(bad + "/k"), bad);
        }
        assertThrows(IllegalArgumentException.class, () -> Names.item("app.yaml"));
    }
}
