package registry.paste.spring;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.discovery.DiscoveryClient;
import registry.paste.client.Registry;

/** Spring's view of the local copy: the instances that may answer. */
public class RegistryDiscoveryClient implements DiscoveryClient {
    private final Registry registry;

    /**
     * Shows what a client knows.
     *
     * @param registry the client
     */
    public RegistryDiscoveryClient(Registry registry) {
        this.registry = registry;
    }

    @Override
    public String description() {
        return "paste.registry";
    }

    @Override
    public List<ServiceInstance> getInstances(String serviceId) {
        return registry.service(serviceId).eligible().stream()
                .<ServiceInstance>map(instance -> new RegistryServiceInstance(serviceId, instance))
                .toList();
    }

    /** Asks the registry. */
    @Override
    public List<String> getServices() {
        try {
            return registry.serviceNames();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            return List.of();
        }
    }
}
