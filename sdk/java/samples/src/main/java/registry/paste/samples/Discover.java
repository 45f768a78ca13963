package registry.paste.samples;

import registry.paste.client.Pick;
import registry.paste.client.PickRequest;
import registry.paste.client.Registry;
import registry.paste.client.Service;
import registry.paste.client.model.Instance;
import registry.paste.client.model.Outcome;

/** Prints the instances of a service and chooses one. Arguments: service, version range. */
public final class Discover {
    private Discover() {}

    /** Runs once. */
    public static void main(String[] arguments) {
        String name = arguments.length > 0 ? arguments[0] : "orders";
        PickRequest request = arguments.length > 1 ? PickRequest.any().version(arguments[1]) : PickRequest.any();
        try (Registry registry = Registry.connect()) {
            Service service = registry.service(name);
            for (Instance instance : service.instances()) {
                System.out.println(instance.id() + " " + instance.authority() + " " + instance.health());
            }
            try (Pick pick = service.choose(request.traced())) {
                pick.trace().forEach(System.out::println);
                // Here the call is made; how it ends steers later choices.
                pick.done(Outcome.SUCCESS);
            }
        }
    }
}
