package registry.paste.spring;

import java.util.Objects;
import org.springframework.boot.context.config.ConfigDataResource;

/** An item of the registry's configuration that is imported. */
public class RegistryConfigDataResource extends ConfigDataResource {
    private final String name;
    private final boolean needed;

    RegistryConfigDataResource(String name, boolean optional) {
        super(optional);
        this.name = name;
        this.needed = !optional;
    }

    String name() {
        return name;
    }

    boolean needed() {
        return needed;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RegistryConfigDataResource resource && resource.name.equals(name);
    }

    @Override
    public int hashCode() {
        return Objects.hashCode(name);
    }

    @Override
    public String toString() {
        return RegistryConfigDataLocationResolver.PREFIX + name;
    }
}
