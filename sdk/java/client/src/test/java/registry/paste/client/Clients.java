package registry.paste.client;

import java.time.Duration;
import registry.paste.testing.RegistryProcess;

/** Clients with times short enough for a test. */
final class Clients {
    private Clients() {}

    static RegistryBuilder of(String urls) {
        return Registry.builder()
                .urls(urls)
                .token(null)
                .heartbeat(Duration.ofMillis(200))
                .drainDelay(Duration.ofMillis(100))
                .shutdownHook(false);
    }

    static RegistryBuilder of(RegistryProcess registry) {
        // A machine that is busy with other tests may need longer than the default for a first answer.
        return of(registry.url()).requestTimeout(Duration.ofSeconds(20)).closeTimeout(Duration.ofSeconds(20));
    }
}
