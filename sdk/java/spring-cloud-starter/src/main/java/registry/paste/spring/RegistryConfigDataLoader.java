package registry.paste.spring;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.springframework.boot.context.config.ConfigData;
import org.springframework.boot.context.config.ConfigDataLoader;
import org.springframework.boot.context.config.ConfigDataLoaderContext;
import org.springframework.boot.context.config.ConfigDataResourceNotFoundException;
import org.springframework.boot.env.PropertiesPropertySourceLoader;
import org.springframework.boot.env.PropertySourceLoader;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.env.PropertySource;
import org.springframework.core.io.ByteArrayResource;
import registry.paste.client.ConfigItem;
import registry.paste.client.NotKnownYetException;
import registry.paste.client.Registry;

/** Reads an item: as properties if that is its format, else as YAML, of which JSON is a part. */
public class RegistryConfigDataLoader implements ConfigDataLoader<RegistryConfigDataResource> {
    static final String SOURCE_PREFIX = "paste-registry:";

    /** For Spring. */
    public RegistryConfigDataLoader() {}

    /** An item that isn't there, or that nobody knows, is not found: {@code optional:} lets the application start. */
    @Override
    public ConfigData load(ConfigDataLoaderContext context, RegistryConfigDataResource resource) throws IOException {
        Registry registry = context.getBootstrapContext().get(Registry.class);
        ConfigItem.Value value = value(registry, resource);
        List<PropertySource<?>> sources = reader(value.format())
                .load(
                        SOURCE_PREFIX + resource.name(),
                        new ByteArrayResource(value.content().getBytes(StandardCharsets.UTF_8), resource.toString()));
        return new ConfigData(sources);
    }

    private static ConfigItem.Value value(Registry registry, RegistryConfigDataResource resource) {
        Throwable reason = null;
        try {
            Optional<ConfigItem.Value> value = registry.config(resource.name()).value();
            if (value.isPresent()) {
                return value.get();
            }
        } catch (NotKnownYetException unknown) {
            reason = unknown;
        }
        if (resource.needed()) {
            // The application doesn't start: nobody else would close it.
            registry.close();
        }
        throw new ConfigDataResourceNotFoundException(resource, reason);
    }

    private static PropertySourceLoader reader(String format) {
        return format.equals("properties") ? new PropertiesPropertySourceLoader() : new YamlPropertySourceLoader();
    }
}
