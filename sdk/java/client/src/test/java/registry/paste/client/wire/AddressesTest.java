package registry.paste.client.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.URI;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Which node is spoken to. */
class AddressesTest {
    private static final long SECOND = 1_000_000_000;
    private static final List<URI> THREE =
            List.of(URI.create("http://a"), URI.create("http://b"), URI.create("http://c"));

    @Test
    void theFirstIsDrawnAndEachFailureGoesToTheNext() {
        Addresses addresses = new Addresses(THREE, () -> -1);
        AtomicInteger moves = new AtomicInteger();
        addresses.onMove(moves::incrementAndGet);
        Addresses.Node last = addresses.current();
        assertEquals(2, last.index());
        addresses.failed(last);
        assertEquals(0, addresses.current().index());
        addresses.failed(last);
        assertEquals(0, addresses.current().index(), "the same failure told twice");
        addresses.failed(addresses.current());
        assertEquals(1, addresses.current().index());
        assertEquals(2, moves.get());
    }

    @Test
    void isolatedNodesAreLeftOnceInThirtySeconds() {
        Addresses addresses = new Addresses(THREE, () -> 0);
        addresses.answered(addresses.current(), true, 0);
        assertEquals(1, addresses.current().index());
        addresses.answered(addresses.current(), true, 29 * SECOND);
        assertEquals(1, addresses.current().index());
        addresses.answered(addresses.current(), true, 30 * SECOND);
        assertEquals(2, addresses.current().index());
    }

    @Test
    void aNodeThatWasIsolatedLongAgoIsTriedAgain() {
        Addresses addresses = new Addresses(THREE.subList(0, 2), () -> 0);
        addresses.answered(addresses.current(), true, 0);
        addresses.answered(addresses.current(), true, 119 * SECOND);
        assertEquals(1, addresses.current().index());
        addresses.answered(addresses.current(), true, 120 * SECOND);
        assertEquals(0, addresses.current().index());
    }

    @Test
    void whenAllAreIsolatedItStays() {
        Addresses addresses = new Addresses(THREE.subList(0, 2), () -> 0);
        addresses.answered(addresses.current(), true, 0);
        addresses.answered(addresses.current(), true, 60 * SECOND);
        assertEquals(1, addresses.current().index());
        addresses.answered(new Addresses.Node(0, THREE.get(0)), false, 61 * SECOND);
        addresses.answered(addresses.current(), true, 100 * SECOND);
        assertEquals(0, addresses.current().index());
    }
}
