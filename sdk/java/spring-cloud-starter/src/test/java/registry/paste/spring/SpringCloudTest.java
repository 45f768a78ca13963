package registry.paste.spring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.config.ConfigDataResourceNotFoundException;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.discovery.DiscoveryClient;
import org.springframework.cloud.client.loadbalancer.LoadBalanced;
import org.springframework.cloud.client.loadbalancer.LoadBalancerClient;
import org.springframework.cloud.context.config.annotation.RefreshScope;
import org.springframework.cloud.loadbalancer.core.ServiceInstanceListSupplier;
import org.springframework.cloud.loadbalancer.support.LoadBalancerClientFactory;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestTemplate;
import registry.paste.testing.Await;
import registry.paste.testing.Backend;
import registry.paste.testing.RegistryProcess;

/** A whole application of Spring Boot, against the real registry. */
class SpringCloudTest {
    private static RegistryProcess registry;
    private static ConfigurableApplicationContext context;

    /** The application. */
    @SpringBootApplication
    static class Shop {
        @Bean
        @LoadBalanced
        RestTemplate restTemplate() {
            return new RestTemplate();
        }

        @Bean
        @RefreshScope
        Greeting greeting(@Value("${shop.greeting}") String words) {
            return new Greeting(words);
        }
    }

    /** Something that is configured. */
    static class Greeting {
        private final String words;

        Greeting() {
            this("");
        }

        Greeting(String words) {
            this.words = words;
        }

        String words() {
            return words;
        }
    }

    /** Something to call. */
    @RestController
    static class Hello {
        @GetMapping("/hello")
        String hello() {
            return "hello";
        }
    }

    @BeforeAll
    static void start() {
        registry = RegistryProcess.start();
        registry.put(
                "/configs/shop/app.yaml", "{\"content\":\"shop:\\n  greeting: good morning\",\"format\":\"yaml\"}");
        context = application("paste-registry:shop/app.yaml");
    }

    private static ConfigurableApplicationContext application(String imported) {
        SpringApplication application = new SpringApplication(Shop.class, Hello.class);
        application.setDefaultProperties(Map.of());
        return application.run(
                "--server.port=0",
                "--spring.application.name=shop",
                "--spring.config.import=" + imported,
                "--spring.main.banner-mode=off",
                "--paste.registry.urls=" + registry.url(),
                "--paste.registry.request-timeout=20s",
                "--paste.registry.drain-delay=100ms",
                "--paste.registry.zone=eu-1a",
                "--paste.registry.registration.version=1.4.2",
                "--paste.registry.registration.metadata.team=shop");
    }

    @AfterAll
    static void stop() {
        context.close();
        assertFalse(registry.get("/services/shop/instances?all=true").contains("1.4.2"), "it is still registered");
        registry.close();
    }

    @Test
    void theApplicationIsRegistered() {
        Await.until(
                "it is there", () -> registry.get("/services/shop/instances").contains("\"version\":\"1.4.2\""));
        String stored = registry.get("/services/shop/instances");
        assertTrue(stored.contains("\"zone\":\"eu-1a\"") && stored.contains("\"team\":\"shop\""), stored);
        DiscoveryClient client = context.getBean(DiscoveryClient.class);
        Await.until("it discovers itself", () -> client.getInstances("shop").size() == 1);
        ServiceInstance instance = client.getInstances("shop").get(0);
        assertEquals("1.4.2", instance.getMetadata().get("version"));
        assertTrue(client.getServices().contains("shop"));
        assertEquals("hello", context.getBean(RestTemplate.class).getForObject("http://shop/hello", String.class));
    }

    @Test
    void callsAreBalancedAndFailuresEject() {
        try (Backend good = new Backend("good");
                Backend bad = new Backend("bad")) {
            registry.register("orders", "good", good.port(), "");
            registry.register("orders", "bad", bad.port(), "");
            bad.status(500);
            RestTemplate template = context.getBean(RestTemplate.class);
            template.setErrorHandler(response -> false);
            Await.until(
                    "both are known",
                    () -> context.getBean(RegistryDiscoveryClient.class)
                                    .getInstances("orders")
                                    .size()
                            == 2);
            for (int call = 0; call < 60; call++) {
                template.getForObject("http://orders/x", String.class);
            }
            assertTrue(good.calls() > 40, "the one that works was called " + good.calls() + " times");
            assertTrue(bad.calls() <= 10, "the broken one " + bad.calls() + " times");
        }
    }

    @Test
    void theSupplierListsWhoMayAnswer() {
        registry.register("listed", "up", 1, "");
        registry.register("listed", "down", 2, ",\"status\":\"down\"");
        ServiceInstanceListSupplier supplier = context.getBean(LoadBalancerClientFactory.class)
                .getInstance("listed", ServiceInstanceListSupplier.class);
        assertNotNull(supplier);
        Await.until("it is listed", () -> {
            List<ServiceInstance> list = supplier.get().blockFirst();
            return list != null
                    && list.size() == 1
                    && list.get(0).getInstanceId().equals("up");
        });
        assertEquals(
                "up", context.getBean(LoadBalancerClient.class).choose("listed").getInstanceId());
    }

    @Test
    void configurationIsImportedAndRefreshed() {
        Greeting greeting = context.getBean(Greeting.class);
        assertEquals("good morning", greeting.words());
        registry.put(
                "/configs/shop/app.yaml", "{\"content\":\"shop:\\n  greeting: good evening\",\"format\":\"yaml\"}");
        Await.until("it is refreshed", () -> greeting.words().equals("good evening"));
    }

    @Test
    void aMissingItemStopsTheApplicationUnlessItIsOptional() {
        assertThrows(ConfigDataResourceNotFoundException.class, () -> application("paste-registry:shop/none.yaml"));
    }
}
