package registry.paste.spring;

import org.springframework.boot.web.context.WebServerInitializedEvent;
import org.springframework.cloud.client.serviceregistry.AutoServiceRegistration;
import org.springframework.cloud.client.serviceregistry.ServiceRegistry;
import org.springframework.context.ApplicationListener;
import org.springframework.context.SmartLifecycle;

/**
 * Registers the application when its web server listens, and drains and removes it before that ends. The server of the
 * actuator, where it has a port of its own, isn't registered.
 */
public class RegistryAutoRegistration
        implements AutoServiceRegistration, ApplicationListener<WebServerInitializedEvent>, SmartLifecycle {
    private final ServiceRegistry<RegistryRegistration> serviceRegistry;
    private final RegistryProperties properties;
    private final String name;
    private RegistryRegistration registration;

    /**
     * Registers through a service registry.
     *
     * @param serviceRegistry where
     * @param properties what
     * @param name the name of the application, which is that of the service
     */
    public RegistryAutoRegistration(
            ServiceRegistry<RegistryRegistration> serviceRegistry, RegistryProperties properties, String name) {
        this.serviceRegistry = serviceRegistry;
        this.properties = properties;
        this.name = name;
    }

    @Override
    public synchronized void onApplicationEvent(WebServerInitializedEvent event) {
        if (registration == null
                && !"management".equals(event.getApplicationContext().getServerNamespace())) {
            registration = new RegistryRegistration(name, event.getWebServer().getPort(), properties.registration());
            serviceRegistry.register(registration);
        }
    }

    /** Nothing: the web server has to listen first. */
    @Override
    public void start() {
        // See onApplicationEvent.
    }

    @Override
    public synchronized void stop() {
        if (registration != null) {
            serviceRegistry.deregister(registration);
            registration = null;
        }
    }

    /** Always, so that it is stopped. */
    @Override
    public boolean isRunning() {
        return true;
    }

    /** Stopped first, so that nobody calls a server that has ended. */
    @Override
    public int getPhase() {
        return Integer.MAX_VALUE;
    }
}
