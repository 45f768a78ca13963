package registry.paste.spring;

import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.cloud.client.serviceregistry.ServiceRegistry;
import registry.paste.client.Registration;
import registry.paste.client.RegistrationBuilder;
import registry.paste.client.Registry;
import registry.paste.client.model.Status;

/** Registers through the client: returns at once, and goes on until it is there. */
public class RegistryServiceRegistry implements ServiceRegistry<RegistryRegistration> {
    private final Registry registry;
    private final Map<RegistryRegistration, Registered> registered = new ConcurrentHashMap<>();

    /** A registration, and the status that was set last. */
    private record Registered(Registration registration, Status status) {}

    /**
     * Registers through a client.
     *
     * @param registry the client
     */
    public RegistryServiceRegistry(Registry registry) {
        this.registry = registry;
    }

    @Override
    public void register(RegistryRegistration wanted) {
        RegistryProperties.Registration properties = wanted.properties();
        RegistrationBuilder builder = registry.registration(wanted.getServiceId(), wanted.getPort())
                .protocol("http")
                .weight(properties.weight())
                .tags(properties.tags().toArray(String[]::new));
        properties.metadata().forEach(builder::metadata);
        if (properties.address() != null) {
            builder.address(properties.address());
        }
        if (properties.version() != null) {
            builder.version(properties.version());
        }
        registered.put(wanted, new Registered(builder.register(), Status.UP));
    }

    /** Drains it, then removes it. */
    @Override
    public void deregister(RegistryRegistration wanted) {
        Registered known = registered.remove(wanted);
        if (known != null) {
            known.registration.close();
        }
    }

    @Override
    public void close() {
        registered.keySet().forEach(this::deregister);
    }

    /** Sets {@code UP}, {@code STARTING}, {@code DRAINING}, {@code DOWN} or {@code MAINTENANCE}. */
    @Override
    public void setStatus(RegistryRegistration wanted, String status) {
        Status word = Status.valueOf(status.toUpperCase(Locale.ROOT));
        registered.computeIfPresent(wanted, (unchanged, known) -> {
            known.registration.status(word);
            return new Registered(known.registration, word);
        });
    }

    /** The status that was set last; null where nothing is registered. */
    @Override
    @SuppressWarnings("unchecked")
    public <T> T getStatus(RegistryRegistration wanted) {
        Registered known = registered.get(wanted);
        return known == null ? null : (T) known.status.name();
    }
}
