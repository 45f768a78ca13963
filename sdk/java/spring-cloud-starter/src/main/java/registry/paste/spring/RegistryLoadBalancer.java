package registry.paste.spring;

import java.util.HashMap;
import java.util.Map;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.loadbalancer.DefaultResponse;
import org.springframework.cloud.client.loadbalancer.EmptyResponse;
import org.springframework.cloud.client.loadbalancer.Request;
import org.springframework.cloud.client.loadbalancer.RequestDataContext;
import org.springframework.cloud.client.loadbalancer.Response;
import org.springframework.cloud.loadbalancer.core.ReactorServiceInstanceLoadBalancer;
import reactor.core.publisher.Mono;
import registry.paste.client.Pick;
import registry.paste.client.PickRequest;
import registry.paste.client.RegistryException;
import registry.paste.client.Service;

/** Chooses an instance as the registry's policy says: balancer, subsets, locality, ejections. */
public class RegistryLoadBalancer implements ReactorServiceInstanceLoadBalancer {
    private final Service service;

    /**
     * Chooses among a service's instances.
     *
     * @param service the local copy
     */
    public RegistryLoadBalancer(Service service) {
        this.service = service;
    }

    /** An instance that was chosen, and has to be told how the call ended. */
    static final class PickedInstance extends RegistryServiceInstance {
        private final Pick pick;

        PickedInstance(String service, Pick pick) {
            super(service, pick.instance());
            this.pick = pick;
        }

        Pick pick() {
            return pick;
        }
    }

    @Override
    @SuppressWarnings("rawtypes")
    public Mono<Response<ServiceInstance>> choose(Request request) {
        return Mono.fromSupplier(() -> choose(headers(request)));
    }

    private Response<ServiceInstance> choose(Map<String, String> headers) {
        try {
            Pick pick = service.choose(PickRequest.any().headers(headers));
            return new DefaultResponse(new PickedInstance(service.name(), pick));
        } catch (RegistryException none) {
            System.getLogger("registry.paste.spring").log(System.Logger.Level.WARNING, none.getMessage());
            return new EmptyResponse();
        }
    }

    private static Map<String, String> headers(Request<?> request) {
        Map<String, String> headers = new HashMap<>();
        if (request != null
                && request.getContext() instanceof RequestDataContext context
                && context.getClientRequest() != null) {
            context.getClientRequest().getHeaders().forEach((name, values) -> headers.put(name, values.get(0)));
        }
        return headers;
    }
}
