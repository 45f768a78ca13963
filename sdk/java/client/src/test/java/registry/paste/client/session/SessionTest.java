package registry.paste.client.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Names of processes, and what their heartbeats count. */
class SessionTest {
    @Test
    void namesAreSafe() {
        assertEquals("my-host.local-7-0000002a", SessionId.of("my host.local", 7, 42));
        assertEquals("host-7-ffffffff", SessionId.of("-", 7, -1));
    }

    @Test
    void callsAreCarriedUntilAHeartbeatIsTaken() {
        CallCounts counts = new CallCounts();
        counts.count("orders", false, 150_000);
        counts.count("orders", true, -1);
        CallCounts.Report lost = counts.report();
        counts.count("orders", false, 1);
        CallCounts.Report taken = counts.report();
        assertEquals(
                List.of(Map.of("service", "orders", "count", 3L, "errors", 1L, "latency", List.of(1L, 0L, 1L))),
                taken.json());
        assertEquals(1, lost.json().size());
        counts.taken(taken);
        assertEquals(List.of(), counts.report().json());
    }

    @Test
    void servicesAreBounded() {
        CallCounts counts = new CallCounts();
        for (int number = 0; number < 150; number++) {
            counts.count("service-" + number, false, 1);
        }
        assertEquals(100, counts.report().json().size());
    }
}
