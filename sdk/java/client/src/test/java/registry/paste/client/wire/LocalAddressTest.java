package registry.paste.client.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.URI;
import org.junit.jupiter.api.Test;

/** The address of this machine. */
class LocalAddressTest {
    @Test
    void itIsThatTowardsTheRegistryOrUnknown() throws IOException {
        assertEquals("127.0.0.1", LocalAddress.towards(URI.create("http://127.0.0.1:7750")));
        assertThrows(IOException.class, () -> LocalAddress.towards(URI.create("http://no_host:7750")));
    }
}
