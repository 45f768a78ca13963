package registry.paste.grpc;

import io.grpc.Attributes;
import registry.paste.client.model.Instance;

/** What the registry knows of an address, for load balancers. */
public final class RegistryAttributes {
    /** The instance's id. */
    public static final Attributes.Key<String> ID = Attributes.Key.create("registry.paste.grpc.id");

    /** Its share of traffic relative to its siblings, 0 to 10,000. */
    public static final Attributes.Key<Integer> WEIGHT = Attributes.Key.create("registry.paste.grpc.weight");

    /** The version of its code; absent where it has none. */
    public static final Attributes.Key<String> VERSION = Attributes.Key.create("registry.paste.grpc.version");

    /** The zone in which it runs; absent where it has none. */
    public static final Attributes.Key<String> ZONE = Attributes.Key.create("registry.paste.grpc.zone");

    private RegistryAttributes() {}

    static Attributes of(Instance instance) {
        Attributes.Builder attributes =
                Attributes.newBuilder().set(ID, instance.id()).set(WEIGHT, instance.weight());
        if (instance.version() != null) {
            attributes.set(VERSION, instance.version());
        }
        if (instance.zone() != null) {
            attributes.set(ZONE, instance.zone());
        }
        return attributes.build();
    }
}
