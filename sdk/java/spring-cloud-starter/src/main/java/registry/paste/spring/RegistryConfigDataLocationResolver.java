package registry.paste.spring;

import java.util.List;
import org.springframework.boot.context.config.ConfigDataLocation;
import org.springframework.boot.context.config.ConfigDataLocationResolver;
import org.springframework.boot.context.config.ConfigDataLocationResolverContext;
import registry.paste.client.Registry;

/** Understands {@code paste-registry:group/key}. */
public class RegistryConfigDataLocationResolver implements ConfigDataLocationResolver<RegistryConfigDataResource> {
    static final String PREFIX = "paste-registry:";

    /** The client that read what the application imported. */
    record ImportedWith(Registry registry) {}

    /** For Spring. */
    public RegistryConfigDataLocationResolver() {}

    @Override
    public boolean isResolvable(ConfigDataLocationResolverContext context, ConfigDataLocation location) {
        return location.hasPrefix(PREFIX)
                && context.getBinder()
                        .bind("paste.registry.enabled", Boolean.class)
                        .orElse(true);
    }

    @Override
    public List<RegistryConfigDataResource> resolve(
            ConfigDataLocationResolverContext context, ConfigDataLocation location) {
        RegistryProperties properties = context.getBinder().bindOrCreate("paste.registry", RegistryProperties.class);
        if (!context.getBootstrapContext().isRegistered(Registry.class)) {
            // One client for all that is imported, which then becomes the application's.
            context.getBootstrapContext().register(Registry.class, unused -> properties.connect());
            context.getBootstrapContext().addCloseListener(event -> event.getApplicationContext()
                    .getBeanFactory()
                    .registerSingleton(
                            ImportedWith.class.getName(),
                            new ImportedWith(event.getBootstrapContext().get(Registry.class))));
        }
        return List.of(new RegistryConfigDataResource(location.getNonPrefixedValue(PREFIX), location.isOptional()));
    }
}
