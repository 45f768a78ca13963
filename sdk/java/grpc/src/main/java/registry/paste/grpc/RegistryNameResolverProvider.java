package registry.paste.grpc;

import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import registry.paste.client.PickRequest;
import registry.paste.client.Registry;

/**
 * Resolves {@code registry:///orders} and, narrowed to some versions or tags, {@code registry:///orders?version=^1.4&tag=blue}.
 * Register it with {@code NameResolverRegistry.getDefaultRegistry().register(provider)}. All addresses that may answer are
 * handed to the channel's load balancer, with {@link RegistryAttributes}; choose {@code round_robin} or another that uses them.
 */
public final class RegistryNameResolverProvider extends NameResolverProvider {
    private static final String SCHEME = "registry";
    private static final int PRIORITY = 5;

    private final Registry registry;

    /**
     * Resolves with a client, which has to outlive the channels.
     *
     * @param registry the client
     */
    public RegistryNameResolverProvider(Registry registry) {
        this.registry = registry;
    }

    @Override
    protected boolean isAvailable() {
        return true;
    }

    @Override
    protected int priority() {
        return PRIORITY;
    }

    @Override
    public String getDefaultScheme() {
        return SCHEME;
    }

    @Override
    public Collection<Class<? extends SocketAddress>> getProducedSocketAddressTypes() {
        return List.of(InetSocketAddress.class);
    }

    /** A resolver for one channel; null for another scheme; an IllegalArgumentException for what names no service. */
    @Override
    public NameResolver newNameResolver(URI target, NameResolver.Args args) {
        if (!SCHEME.equals(target.getScheme())) {
            return null;
        }
        String path = target.getPath();
        if (path == null || path.length() < 2 || path.indexOf('/', 1) >= 0) {
            throw new IllegalArgumentException(target + " names no service; write registry:///orders");
        }
        return new RegistryNameResolver(registry.service(path.substring(1)), request(target.getRawQuery()), args);
    }

    private static PickRequest request(String query) {
        PickRequest request = PickRequest.any();
        for (String pair : query == null ? new String[0] : query.split("&")) {
            int equals = pair.indexOf('=');
            String name = equals < 0 ? pair : pair.substring(0, equals);
            String value = equals < 0 ? "" : URLDecoder.decode(pair.substring(equals + 1), StandardCharsets.UTF_8);
            request = switch (name) {
                case "version" -> request.version(value);
                case "tag" -> request.tags(value);
                default -> throw new IllegalArgumentException(
                        "\"" + name + "\" says nothing to the registry; write version or tag");
            };
        }
        return request;
    }
}
