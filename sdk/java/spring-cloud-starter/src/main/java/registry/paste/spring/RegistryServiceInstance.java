package registry.paste.spring;

import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import org.springframework.cloud.client.ServiceInstance;
import registry.paste.client.model.Instance;

/** An instance of the registry as Spring sees it. Version, zone and region are in the metadata, unless that has them. */
public class RegistryServiceInstance implements ServiceInstance {
    private final String service;
    private final Instance instance;

    /**
     * Shows an instance.
     *
     * @param service its service
     * @param instance the instance
     */
    public RegistryServiceInstance(String service, Instance instance) {
        this.service = service;
        this.instance = instance;
    }

    /**
     * The instance itself, with all that the registry knows.
     *
     * @return the instance
     */
    public Instance instance() {
        return instance;
    }

    @Override
    public String getInstanceId() {
        return instance.id();
    }

    @Override
    public String getServiceId() {
        return service;
    }

    @Override
    public String getHost() {
        return instance.address();
    }

    @Override
    public int getPort() {
        return instance.port();
    }

    @Override
    public boolean isSecure() {
        return "https".equals(instance.protocol());
    }

    @Override
    public String getScheme() {
        return isSecure() ? "https" : "http";
    }

    @Override
    public URI getUri() {
        return URI.create(getScheme() + "://" + instance.authority());
    }

    @Override
    public Map<String, String> getMetadata() {
        Map<String, String> metadata = new HashMap<>();
        putUnlessNull(metadata, "version", instance.version());
        putUnlessNull(metadata, "zone", instance.zone());
        putUnlessNull(metadata, "region", instance.region());
        metadata.putAll(instance.metadata());
        return metadata;
    }

    private static void putUnlessNull(Map<String, String> metadata, String key, String value) {
        if (value != null) {
            metadata.put(key, value);
        }
    }
}
