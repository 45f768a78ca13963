package registry.paste.client.traffic;

import java.util.List;
import java.util.Map;
import registry.paste.client.model.Instance;

/**
 * Which members are asked for: those that match all of it.
 *
 * @param range a version range, or null for any version and none
 * @param tags tags that all have to be there
 * @param metadata pairs that all have to be there
 */
public record Selector(VersionRange range, List<String> tags, Map<String, String> metadata) {
    /** Everybody. */
    public static final Selector ALL = new Selector(null, List.of(), Map.of());

    boolean matches(Endpoint endpoint) {
        return this == ALL || matches(endpoint.instance(), endpoint.version());
    }

    /** Whether an instance matches. */
    public boolean matches(Instance instance) {
        return matches(instance, Version.parse(instance.version()));
    }

    private boolean matches(Instance instance, Version version) {
        return (range == null || range.matches(version))
                && instance.tags().containsAll(tags)
                && instance.metadata().entrySet().containsAll(metadata.entrySet());
    }
}
