package registry.paste.grpc;

import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.Status;
import io.grpc.StatusOr;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.Executor;
import registry.paste.client.PickRequest;
import registry.paste.client.RegistryException;
import registry.paste.client.Service;
import registry.paste.client.Subscription;
import registry.paste.client.model.Instance;

/** Tells one channel the addresses of one service, and again whenever they change. */
final class RegistryNameResolver extends NameResolver {
    private final Service service;
    private final PickRequest request;
    private final Args args;
    private Listener2 listener;
    private Subscription subscription;

    RegistryNameResolver(Service service, PickRequest request, Args args) {
        this.service = service;
        this.request = request;
        this.args = args;
    }

    @Override
    public String getServiceAuthority() {
        return service.name();
    }

    @Override
    public void start(Listener2 told) {
        listener = told;
        subscription = service.onChange(changed -> tell());
        refresh();
    }

    /** The first answer may have to be waited for, which is not for the channel's own threads. */
    @Override
    public void refresh() {
        Executor offload = args.getOffloadExecutor();
        if (offload == null) {
            tell();
        } else {
            offload.execute(this::tell);
        }
    }

    private void tell() {
        ResolutionResult result =
                ResolutionResult.newBuilder().setAddressesOrError(addresses()).build();
        args.getSynchronizationContext().execute(() -> {
            if (subscription != null) {
                listener.onResult2(result);
            }
        });
    }

    private StatusOr<List<EquivalentAddressGroup>> addresses() {
        try {
            List<EquivalentAddressGroup> groups = service.eligible(request).stream()
                    .map(RegistryNameResolver::group)
                    .toList();
            return groups.isEmpty()
                    ? unavailable("no instance of " + service.name() + " may answer", null)
                    : StatusOr.fromValue(groups);
        } catch (RegistryException unknown) {
            return unavailable(unknown.getMessage(), unknown);
        }
    }

    private static StatusOr<List<EquivalentAddressGroup>> unavailable(String why, Throwable cause) {
        return StatusOr.fromStatus(Status.UNAVAILABLE.withDescription(why).withCause(cause));
    }

    private static EquivalentAddressGroup group(Instance instance) {
        Attributes attributes = RegistryAttributes.of(instance);
        return new EquivalentAddressGroup(new InetSocketAddress(instance.address(), instance.port()), attributes);
    }

    @Override
    public void shutdown() {
        if (subscription != null) {
            subscription.close();
            subscription = null;
        }
    }
}
