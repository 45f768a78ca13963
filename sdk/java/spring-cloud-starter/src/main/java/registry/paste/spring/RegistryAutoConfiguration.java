package registry.paste.spring;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.cloud.client.CommonsClientAutoConfiguration;
import org.springframework.cloud.client.ConditionalOnDiscoveryEnabled;
import org.springframework.cloud.client.serviceregistry.AutoServiceRegistrationAutoConfiguration;
import org.springframework.cloud.loadbalancer.annotation.LoadBalancerClients;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.ConfigurableEnvironment;
import registry.paste.client.Registry;

/** One client for the application, and on it what Spring Cloud asks for. */
@AutoConfiguration(before = {AutoServiceRegistrationAutoConfiguration.class, CommonsClientAutoConfiguration.class})
@ConditionalOnProperty(name = "paste.registry.enabled", matchIfMissing = true)
@EnableConfigurationProperties(RegistryProperties.class)
public class RegistryAutoConfiguration {

    /** For Spring. */
    public RegistryAutoConfiguration() {}

    /**
     * The client: the one that read what was imported, if there is one.
     *
     * @param properties its settings
     * @param imported what read it
     * @return the client
     */
    @Bean(destroyMethod = "close")
    @ConditionalOnMissingBean
    Registry registry(
            RegistryProperties properties, ObjectProvider<RegistryConfigDataLocationResolver.ImportedWith> imported) {
        RegistryConfigDataLocationResolver.ImportedWith known = imported.getIfAvailable();
        return known == null ? properties.connect() : known.registry();
    }

    /**
     * Refreshes the application when configuration that it imported has another release.
     *
     * @param registry the client
     * @param environment what was imported
     * @param publisher where to say so
     * @return what listens
     */
    @Bean
    public RegistryConfigRefresher registryConfigRefresher(
            Registry registry, ConfigurableEnvironment environment, ApplicationEventPublisher publisher) {
        return new RegistryConfigRefresher(registry, environment, publisher);
    }

    /** Discovery, and choosing as the policies say. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnDiscoveryEnabled
    @LoadBalancerClients(defaultConfiguration = RegistryLoadBalancerConfiguration.class)
    public static class Discovery {

        /** For Spring. */
        public Discovery() {}

        /**
         * Spring's view of the local copy.
         *
         * @param registry the client
         * @return the view
         */
        @Bean
        @ConditionalOnMissingBean
        public RegistryDiscoveryClient registryDiscoveryClient(Registry registry) {
            return new RegistryDiscoveryClient(registry);
        }

        /**
         * Spring's way to register.
         *
         * @param registry the client
         * @return the way
         */
        @Bean
        @ConditionalOnMissingBean
        public RegistryServiceRegistry registryServiceRegistry(Registry registry) {
            return new RegistryServiceRegistry(registry);
        }
    }

    /** Registration of the application itself. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnDiscoveryEnabled
    @ConditionalOnWebApplication
    @ConditionalOnProperty(name = "spring.cloud.service-registry.auto-registration.enabled", matchIfMissing = true)
    public static class Registration {

        /** For Spring. */
        public Registration() {}

        /**
         * Registers the application.
         *
         * @param serviceRegistry where
         * @param properties what
         * @param name its name
         * @return what registers
         */
        @Bean
        @ConditionalOnMissingBean
        public RegistryAutoRegistration registryAutoRegistration(
                RegistryServiceRegistry serviceRegistry,
                RegistryProperties properties,
                @Value("${spring.application.name:application}") String name) {
            return new RegistryAutoRegistration(serviceRegistry, properties, name);
        }
    }

    /** Counting what the application serves. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
    public static class Serving {

        /** For Spring. */
        public Serving() {}

        /**
         * Counts the calls that the application serves.
         *
         * @param registry the client, whose heartbeats say so
         * @return a filter
         */
        @Bean
        @ConditionalOnMissingBean
        public RegistryServedCallsFilter registryServedCallsFilter(Registry registry) {
            return new RegistryServedCallsFilter(registry.served());
        }
    }
}
