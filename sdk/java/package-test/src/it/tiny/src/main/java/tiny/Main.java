package tiny;

import java.time.Duration;
import registry.paste.client.NotKnownYetException;
import registry.paste.client.Registry;
import registry.paste.grpc.RegistryNameResolverProvider;
import registry.paste.spring.RegistryDiscoveryClient;

/** Uses a little of each package, without a registry. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        try (Registry registry = Registry.builder()
                .urls("http://127.0.0.1:1")
                .requestTimeout(Duration.ofMillis(200))
                .connect()) {
            System.out.println("scheme " + new RegistryNameResolverProvider(registry).getDefaultScheme());
            System.out.println("client " + new RegistryDiscoveryClient(registry).description());
            registry.service("orders").choose();
        } catch (NotKnownYetException expected) {
            System.out.println("said " + expected.getMessage());
        }
    }
}
