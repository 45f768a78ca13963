package registry.paste.client.wire;

import java.util.LinkedHashMap;
import java.util.Map;
import registry.paste.client.json.JsonException;
import registry.paste.client.json.JsonObject;
import registry.paste.client.model.Health;
import registry.paste.client.model.Instance;
import registry.paste.client.model.Status;

/** Instances as JSON. */
public final class InstanceJson {
    private InstanceJson() {}

    /** Reads an instance; a {@link JsonException} if what everybody needs is missing. */
    public static Instance read(JsonObject json) {
        return new Instance(
                json.string("id"),
                json.string("address"),
                port(json.number("port")),
                ports(json.object("ports")),
                json.string("protocol", null),
                json.string("version", null),
                (int) json.number("weight", 100),
                json.string("region", null),
                json.string("zone", null),
                json.strings("tags"),
                json.stringMap("metadata"),
                Status.of(json.string("status", "up")),
                Health.of(json.string("health", "passing")),
                json.bool("ephemeral", true),
                json.string("session", null),
                json.number("revision", 0));
    }

    /** Writes an instance, without what it hasn't got. */
    public static Map<String, Object> write(Instance instance) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("id", instance.id());
        json.put("address", instance.address());
        json.put("port", instance.port());
        putUnless(instance.ports().isEmpty(), json, "ports", instance.ports());
        putUnless(instance.protocol() == null, json, "protocol", instance.protocol());
        putUnless(instance.version() == null, json, "version", instance.version());
        json.put("weight", instance.weight());
        putUnless(instance.region() == null, json, "region", instance.region());
        putUnless(instance.zone() == null, json, "zone", instance.zone());
        putUnless(instance.tags().isEmpty(), json, "tags", instance.tags());
        putUnless(instance.metadata().isEmpty(), json, "metadata", instance.metadata());
        json.put("status", instance.status().word());
        json.put("health", instance.health().word());
        putUnless(instance.session() == null, json, "session", instance.session());
        json.put("ephemeral", instance.ephemeral());
        json.put("revision", instance.revision());
        return json;
    }

    private static void putUnless(boolean absent, Map<String, Object> json, String name, Object value) {
        if (!absent) {
            json.put(name, value);
        }
    }

    private static Map<String, Integer> ports(JsonObject json) {
        Map<String, Integer> ports = new LinkedHashMap<>();
        json.fields().keySet().forEach(name -> ports.put(name, port(json.number(name))));
        return ports.isEmpty() ? Map.of() : Map.copyOf(ports);
    }

    private static int port(long port) {
        if (port < 1 || port > 65_535) {
            throw new JsonException(port + " is not a port");
        }
        return (int) port;
    }
}
