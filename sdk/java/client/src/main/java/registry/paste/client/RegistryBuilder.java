package registry.paste.client;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import registry.paste.client.wire.Hooks;
import registry.paste.client.wire.Time;

/** How a client speaks to the registry. Begin with {@link Registry#builder()}, end with {@link #connect()}. */
public final class RegistryBuilder {
    private List<URI> urls = split(Optional.ofNullable(System.getenv("PASTE_REGISTRY_URL"))
            .filter(text -> !text.isBlank())
            .orElse("http://127.0.0.1:7750"));
    private String token = System.getenv("PASTE_REGISTRY_TOKEN");
    private String namespace = "default";
    private String zone;
    private String region;
    private Map<String, String> labels = Map.of();
    private Path snapshotFolder;
    private Duration heartbeat = Duration.ofSeconds(5);
    private Duration requestTimeout = Duration.ofSeconds(5);
    private Duration drainDelay = Duration.ofSeconds(2);
    private Duration closeTimeout = Duration.ofSeconds(10);
    private boolean shutdownHook = true;
    private Hooks hooks = Hooks.NONE;
    private Time time = Time.system();
    private LongSupplier random = () -> ThreadLocalRandom.current().nextLong();

    RegistryBuilder() {}

    private static List<URI> split(String urls) {
        return Arrays.stream(urls.split(","))
                .map(String::trim)
                .filter(url -> !url.isEmpty())
                .map(URI::create)
                .toList();
    }

    /**
     * The nodes of one registry; {@code PASTE_REGISTRY_URL}, or {@code http://127.0.0.1:7750}, unless it says otherwise.
     *
     * @param commaSeparated one or more addresses
     * @return this
     */
    public RegistryBuilder urls(String commaSeparated) {
        this.urls = split(commaSeparated);
        if (urls.isEmpty()) {
            throw new IllegalArgumentException("name at least one address of the registry");
        }
        return this;
    }

    /**
     * What is sent as {@code Authorization: Bearer}; {@code PASTE_REGISTRY_TOKEN} unless it says otherwise.
     *
     * @param bearer the token, or null for none
     * @return this
     */
    public RegistryBuilder token(String bearer) {
        this.token = bearer;
        return this;
    }

    /**
     * The namespace of all that this client does; {@code default} unless it says otherwise.
     *
     * @param name the namespace
     * @return this
     */
    public RegistryBuilder namespace(String name) {
        this.namespace = name;
        return this;
    }

    /**
     * The zone in which this process runs. Its registrations have it, and it prefers instances there.
     *
     * @param name the zone, or null
     * @return this
     */
    public RegistryBuilder zone(String name) {
        this.zone = name;
        return this;
    }

    /**
     * The region in which this process runs.
     *
     * @param name the region, or null
     * @return this
     */
    public RegistryBuilder region(String name) {
        this.region = name;
        return this;
    }

    /**
     * What this process says of itself, for gray releases of configuration.
     *
     * @param pairs the labels
     * @return this
     */
    public RegistryBuilder labels(Map<String, String> pairs) {
        this.labels = Map.copyOf(pairs);
        return this;
    }

    /**
     * Where the local copy is kept, for a start while the registry is away; nowhere unless it says otherwise.
     *
     * @param folder a folder that is this program's own; made if need be
     * @return this
     */
    public RegistryBuilder snapshotFolder(Path folder) {
        this.snapshotFolder = folder;
        return this;
    }

    /**
     * How often the session is renewed, a tenth more or less; 5 s unless it says otherwise.
     *
     * @param interval well under the session's ttl of 15 s
     * @return this
     */
    public RegistryBuilder heartbeat(Duration interval) {
        this.heartbeat = interval;
        return this;
    }

    /**
     * How long each request to the registry may take, but for the stream; 5 s unless it says otherwise.
     *
     * @param timeout the limit
     * @return this
     */
    public RegistryBuilder requestTimeout(Duration timeout) {
        this.requestTimeout = timeout;
        return this;
    }

    /**
     * How long others have between "draining" and the end, to take their calls elsewhere; 2 s unless it says otherwise.
     *
     * @param delay the delay
     * @return this
     */
    public RegistryBuilder drainDelay(Duration delay) {
        this.drainDelay = delay;
        return this;
    }

    /**
     * How long {@link Registry#close()} may take, drain delay included; 10 s unless it says otherwise.
     *
     * @param timeout the limit
     * @return this
     */
    public RegistryBuilder closeTimeout(Duration timeout) {
        this.closeTimeout = timeout;
        return this;
    }

    /**
     * Whether the client closes itself when the JVM is stopped, by a signal for example; it does unless it says otherwise.
     *
     * @param wanted whether to
     * @return this
     */
    public RegistryBuilder shutdownHook(boolean wanted) {
        this.shutdownHook = wanted;
        return this;
    }

    /**
     * Is told what the client does: {@code registered}, {@code deregistered}, {@code connected}, {@code disconnected},
     * {@code retrying}, {@code snapshot-loaded}, {@code reset}, {@code ejected}, {@code picked}, {@code called}.
     *
     * @param hook is given the name of the event and its fields, by many threads; must not wait
     * @return this
     */
    public RegistryBuilder onEvent(BiConsumer<String, Map<String, Object>> hook) {
        this.hooks = new Hooks(hook);
        return this;
    }

    /** For tests: clocks and random numbers. */
    RegistryBuilder timeAndRandom(Time clocks, LongSupplier numbers) {
        this.time = clocks;
        this.random = numbers;
        return this;
    }

    /**
     * Begins. Nothing waits for the registry.
     *
     * @return the client
     */
    public Registry connect() {
        return new Registry(new Settings(
                urls,
                token == null || token.isBlank() ? null : token,
                namespace,
                zone,
                region,
                labels,
                snapshotFolder,
                heartbeat,
                requestTimeout,
                drainDelay,
                closeTimeout,
                shutdownHook,
                hooks,
                time,
                random));
    }

    /** What was said. */
    record Settings(
            List<URI> urls,
            String token,
            String namespace,
            String zone,
            String region,
            Map<String, String> labels,
            Path snapshotFolder,
            Duration heartbeat,
            Duration requestTimeout,
            Duration drainDelay,
            Duration closeTimeout,
            boolean shutdownHook,
            Hooks hooks,
            Time time,
            LongSupplier random) {}
}
