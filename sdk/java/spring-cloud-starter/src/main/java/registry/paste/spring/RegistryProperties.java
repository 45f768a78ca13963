package registry.paste.spring;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import registry.paste.client.Registry;
import registry.paste.client.RegistryBuilder;

/**
 * How the application speaks to the registry.
 *
 * @param enabled whether it does at all
 * @param urls nodes of the registry, separated by commas; else {@code PASTE_REGISTRY_URL}
 * @param token the bearer token; else {@code PASTE_REGISTRY_TOKEN}
 * @param namespace the namespace
 * @param zone the zone in which this process runs
 * @param region the region in which this process runs
 * @param snapshotFolder where the copy is kept for a start without the registry
 * @param heartbeat how often the session is renewed
 * @param requestTimeout how long a request to the registry may take
 * @param drainDelay how long others have to notice that this process ends
 * @param registration what is registered
 */
@ConfigurationProperties("paste.registry")
public record RegistryProperties(
        @DefaultValue("true") boolean enabled,
        String urls,
        String token,
        @DefaultValue("default") String namespace,
        String zone,
        String region,
        Path snapshotFolder,
        @DefaultValue("5s") Duration heartbeat,
        @DefaultValue("5s") Duration requestTimeout,
        @DefaultValue("2s") Duration drainDelay,
        @DefaultValue Registration registration) {

    /**
     * What is registered of the application; its name is {@code spring.application.name}.
     *
     * @param address where others reach it; else the address towards the registry
     * @param version the version of its code
     * @param weight its share of traffic
     * @param tags words to select by
     * @param metadata pairs to select by
     */
    public record Registration(
            String address,
            String version,
            @DefaultValue("100") int weight,
            @DefaultValue List<String> tags,
            @DefaultValue Map<String, String> metadata) {}

    /** A client with these settings; Spring ends it, not a hook of its own. */
    Registry connect() {
        RegistryBuilder builder = Registry.builder()
                .namespace(namespace)
                .zone(zone)
                .region(region)
                .heartbeat(heartbeat)
                .requestTimeout(requestTimeout)
                .drainDelay(drainDelay)
                .shutdownHook(false);
        if (urls != null) {
            builder.urls(urls);
        }
        if (token != null) {
            builder.token(token);
        }
        if (snapshotFolder != null) {
            builder.snapshotFolder(snapshotFolder);
        }
        return builder.connect();
    }
}
