package registry.paste.client;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import registry.paste.client.model.Status;

/** What is registered. Begin with {@link Registry#registration(String, int)}, end with {@link #register()}. */
public final class RegistrationBuilder {
    private final Registry registry;
    private final String service;
    private final int port;
    private final Map<String, Object> body = new LinkedHashMap<>();
    private final List<String> tags = new ArrayList<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final List<Object> checks = new ArrayList<>();
    private String id;

    RegistrationBuilder(Registry registry, String service, int port) {
        this.registry = registry;
        this.service = service;
        this.port = port;
    }

    /**
     * Where others reach it; the address that this machine uses towards the registry unless it says otherwise.
     *
     * @param address an IP address or a host name
     * @return this
     */
    public RegistrationBuilder address(String address) {
        return put("address", address);
    }

    /**
     * Its id; the session and the port unless it says otherwise.
     *
     * @param instanceId up to 128 letters, digits and {@code . _ : @ # $ -}
     * @return this
     */
    public RegistrationBuilder id(String instanceId) {
        this.id = instanceId;
        return this;
    }

    /**
     * The version of the running code.
     *
     * @param version such as {@code 1.4.2}
     * @return this
     */
    public RegistrationBuilder version(String version) {
        return put("version", version);
    }

    /**
     * The zone; the client's unless it says otherwise.
     *
     * @param zone the zone
     * @return this
     */
    public RegistrationBuilder zone(String zone) {
        return put("zone", zone);
    }

    /**
     * The region; the client's unless it says otherwise.
     *
     * @param region the region
     * @return this
     */
    public RegistrationBuilder region(String region) {
        return put("region", region);
    }

    /**
     * Its share of traffic relative to its siblings; 100 unless it says otherwise.
     *
     * @param weight 0 to 10,000
     * @return this
     */
    public RegistrationBuilder weight(int weight) {
        return put("weight", weight);
    }

    /**
     * What it speaks.
     *
     * @param protocol such as {@code http} or {@code grpc}
     * @return this
     */
    public RegistrationBuilder protocol(String protocol) {
        return put("protocol", protocol);
    }

    /**
     * The status to begin with; up unless it says otherwise.
     *
     * @param status the status
     * @return this
     */
    public RegistrationBuilder status(Status status) {
        return put("status", status.word());
    }

    /**
     * Words to select by.
     *
     * @param more at most 64 in all
     * @return this
     */
    public RegistrationBuilder tags(String... more) {
        tags.addAll(List.of(more));
        return this;
    }

    /**
     * A pair to select by.
     *
     * @param key the key
     * @param value its value
     * @return this
     */
    public RegistrationBuilder metadata(String key, String value) {
        metadata.put(key, value);
        return this;
    }

    /**
     * The registry asks {@code path} every ten seconds whether all is well.
     *
     * @param path such as {@code /healthz}
     * @return this
     */
    public RegistrationBuilder httpCheck(String path) {
        checks.add(Map.of("type", "http", "path", path));
        return this;
    }

    private RegistrationBuilder put(String name, Object value) {
        body.put(name, value);
        return this;
    }

    /**
     * Registers it; returns at once, and goes on until it is there.
     *
     * @return the registration
     * @throws IllegalStateException if the client is closed
     */
    public Registration register() {
        body.put("port", port);
        if (!tags.isEmpty()) {
            body.put("tags", List.copyOf(tags));
        }
        if (!metadata.isEmpty()) {
            body.put("metadata", Map.copyOf(metadata));
        }
        if (!checks.isEmpty()) {
            body.put("checks", List.copyOf(checks));
        }
        return registry.register(service, id == null ? registry.session() + "-" + port : id, body);
    }
}
