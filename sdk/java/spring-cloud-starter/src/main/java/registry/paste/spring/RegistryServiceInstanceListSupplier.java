package registry.paste.spring;

import java.util.List;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.loadbalancer.core.ServiceInstanceListSupplier;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;
import registry.paste.client.Service;

/** The instances of a service that may answer, at each subscription anew. */
public class RegistryServiceInstanceListSupplier implements ServiceInstanceListSupplier {
    private final Service service;

    /**
     * Supplies a service.
     *
     * @param service the local copy
     */
    public RegistryServiceInstanceListSupplier(Service service) {
        this.service = service;
    }

    @Override
    public String getServiceId() {
        return service.name();
    }

    /** The first answer of the registry may have to be waited for, which is not for the subscriber's thread. */
    @Override
    public Flux<List<ServiceInstance>> get() {
        return Flux.defer(() -> Flux.just(service.eligible().stream()
                        .<ServiceInstance>map(instance -> new RegistryServiceInstance(service.name(), instance))
                        .toList()))
                .subscribeOn(Schedulers.boundedElastic());
    }
}
