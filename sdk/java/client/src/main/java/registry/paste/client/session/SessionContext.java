package registry.paste.client.session;

import java.time.Duration;
import java.util.function.LongSupplier;
import registry.paste.client.wire.Hooks;
import registry.paste.client.wire.Time;
import registry.paste.client.wire.Transport;

/**
 * What those share who speak for this process.
 *
 * @param session the name of this process
 * @param transport the way to the registry
 * @param time the clocks
 * @param random the next random number
 * @param hooks who is told
 * @param requestTimeout how long a request may take
 */
public record SessionContext(
        String session, Transport transport, Time time, LongSupplier random, Hooks hooks, Duration requestTimeout) {}
