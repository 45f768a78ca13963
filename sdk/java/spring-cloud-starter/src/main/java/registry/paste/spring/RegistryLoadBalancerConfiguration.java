package registry.paste.spring;

import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.cloud.loadbalancer.core.ReactorServiceInstanceLoadBalancer;
import org.springframework.cloud.loadbalancer.core.ServiceInstanceListSupplier;
import org.springframework.cloud.loadbalancer.support.LoadBalancerClientFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;
import registry.paste.client.Registry;

/** The load balancer of each service: the registry's. Not a configuration of the application, but of each service's context. */
public class RegistryLoadBalancerConfiguration {

    /** For Spring. */
    public RegistryLoadBalancerConfiguration() {}

    /**
     * The instances that may answer, for balancers that are not the registry's.
     *
     * @param registry the client
     * @param environment has the service's name
     * @return the supplier
     */
    @Bean
    @ConditionalOnMissingBean
    public ServiceInstanceListSupplier registryServiceInstanceListSupplier(Registry registry, Environment environment) {
        return new RegistryServiceInstanceListSupplier(registry.service(name(environment)));
    }

    /**
     * Chooses as the policy says.
     *
     * @param registry the client
     * @param environment has the service's name
     * @return the load balancer
     */
    @Bean
    @ConditionalOnMissingBean
    public ReactorServiceInstanceLoadBalancer registryLoadBalancer(Registry registry, Environment environment) {
        return new RegistryLoadBalancer(registry.service(name(environment)));
    }

    /**
     * Reports how calls ended.
     *
     * @return what is told by Spring
     */
    @Bean
    @ConditionalOnMissingBean
    public RegistryCallLifecycle registryCallLifecycle() {
        return new RegistryCallLifecycle();
    }

    private static String name(Environment environment) {
        return LoadBalancerClientFactory.getName(environment);
    }
}
