package registry.paste.samples;

import java.util.concurrent.CountDownLatch;
import registry.paste.client.Registry;
import registry.paste.client.model.Instance;

/** Prints a service and a configuration item whenever they change. Arguments: service, group/key. */
public final class Watch {
    private Watch() {}

    /** Runs until it is interrupted. */
    public static void main(String[] arguments) throws InterruptedException {
        String name = arguments.length > 0 ? arguments[0] : "orders";
        Registry registry = Registry.connect();
        registry.service(name)
                .onChange(service -> System.out.println(name + ": "
                        + service.instances().stream().map(Instance::authority).toList()));
        if (arguments.length > 1) {
            registry.config(arguments[1])
                    .onChange(value -> System.out.println(arguments[1] + ": "
                            + value.map(release -> release.content()).orElse("removed")));
        }
        new CountDownLatch(1).await();
    }
}
