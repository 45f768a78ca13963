package registry.paste.client.stream;

import java.time.Duration;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import registry.paste.client.copy.LocalCopy;
import registry.paste.client.wire.Hooks;
import registry.paste.client.wire.Time;
import registry.paste.client.wire.Transport;

/**
 * What all streams of a client share.
 *
 * @param transport the way to the registry
 * @param copy what they feed
 * @param time the clocks
 * @param random the next random number
 * @param hooks who is told
 * @param requestTimeout how long opening may take
 * @param zone the zone of this process, or null
 * @param labels what it says of itself, for gray releases
 * @param session its session
 * @param registered whether the registry has that
 * @param onUnregistered is told when the registry doesn't know the session that it has
 */
public record StreamContext(
        Transport transport,
        LocalCopy copy,
        Time time,
        LongSupplier random,
        Hooks hooks,
        Duration requestTimeout,
        String zone,
        Map<String, String> labels,
        String session,
        Supplier<Boolean> registered,
        Runnable onUnregistered) {}
