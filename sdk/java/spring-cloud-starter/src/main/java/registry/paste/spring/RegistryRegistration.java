package registry.paste.spring;

import java.net.URI;
import java.util.Map;
import org.springframework.cloud.client.serviceregistry.Registration;

/** What Spring registers of this application. */
public class RegistryRegistration implements Registration {
    private final String service;
    private final int port;
    private final RegistryProperties.Registration properties;

    /**
     * Registers a service.
     *
     * @param service its name
     * @param port where it listens
     * @param properties all else
     */
    public RegistryRegistration(String service, int port, RegistryProperties.Registration properties) {
        this.service = service;
        this.port = port;
        this.properties = properties;
    }

    RegistryProperties.Registration properties() {
        return properties;
    }

    @Override
    public String getServiceId() {
        return service;
    }

    /** The address that was set; the loopback's name where the registry is to see for itself. */
    @Override
    public String getHost() {
        return properties.address() == null ? "localhost" : properties.address();
    }

    @Override
    public int getPort() {
        return port;
    }

    @Override
    public boolean isSecure() {
        return false;
    }

    @Override
    public URI getUri() {
        return URI.create("http://" + getHost() + ":" + port);
    }

    @Override
    public Map<String, String> getMetadata() {
        return properties.metadata();
    }
}
