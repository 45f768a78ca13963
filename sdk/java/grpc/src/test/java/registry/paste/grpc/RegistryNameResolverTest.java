package registry.paste.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.CallOptions;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.NameResolverRegistry;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import registry.paste.client.Registry;
import registry.paste.testing.Await;
import registry.paste.testing.RegistryProcess;

/** Channels of gRPC, with real servers and the real registry. */
class RegistryNameResolverTest {
    private static final MethodDescriptor<String, String> NAME = MethodDescriptor.<String, String>newBuilder()
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName("test.Names/Name")
            .setRequestMarshaller(new Text())
            .setResponseMarshaller(new Text())
            .build();

    private static RegistryProcess process;
    private static Registry registry;
    private static RegistryNameResolverProvider provider;

    /** Strings as messages. */
    private static final class Text implements MethodDescriptor.Marshaller<String> {
        @Override
        public InputStream stream(String value) {
            return new ByteArrayInputStream(value.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public String parse(InputStream stream) {
            try {
                return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
        }
    }

    @BeforeAll
    static void start() {
        process = RegistryProcess.start();
        registry = Registry.builder()
                .urls(process.url())
                .shutdownHook(false)
                .requestTimeout(Duration.ofSeconds(20))
                .connect();
        provider = new RegistryNameResolverProvider(registry);
        NameResolverRegistry.getDefaultRegistry().register(provider);
    }

    @AfterAll
    static void stop() {
        NameResolverRegistry.getDefaultRegistry().deregister(provider);
        registry.close();
        process.close();
    }

    private static Server serve(String service, String name, String version) throws IOException {
        Server server = Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
                .addService(ServerServiceDefinition.builder("test.Names")
                        .addMethod(NAME, ServerCalls.asyncUnaryCall((request, response) -> {
                            response.onNext(name);
                            response.onCompleted();
                        }))
                        .build())
                .build()
                .start();
        process.register(service, name, server.getPort(), ",\"version\":\"" + version + "\"");
        return server;
    }

    private static ManagedChannel channel(String target) {
        return Grpc.newChannelBuilder(target, InsecureChannelCredentials.create())
                .defaultLoadBalancingPolicy("round_robin")
                .build();
    }

    private static String call(ManagedChannel channel) {
        return ClientCalls.blockingUnaryCall(channel, NAME, CallOptions.DEFAULT.withWaitForReady(), "");
    }

    @Test
    void callsGoToAllInstancesAndFollowChanges() throws Exception {
        Server one = serve("names", "one", "1.0.0");
        ManagedChannel channel = channel("registry:///names");
        Server two = null;
        try {
            assertEquals("one", call(channel));
            two = serve("names", "two", "2.0.0");
            Set<String> seen = new TreeSet<>();
            Await.until("both are called", () -> {
                seen.add(call(channel));
                return seen.equals(Set.of("one", "two"));
            });
        } finally {
            channel.shutdownNow();
            one.shutdownNow();
            if (two != null) {
                two.shutdownNow();
            }
        }
    }

    @Test
    void aVersionRangeNarrows() throws Exception {
        Server one = serve("versions", "one", "1.0.0");
        Server two = serve("versions", "two", "2.0.0");
        ManagedChannel channel = channel("registry:///versions?version=%5E2");
        try {
            for (int count = 0; count < 5; count++) {
                assertEquals("two", call(channel));
            }
        } finally {
            channel.shutdownNow();
            one.shutdownNow();
            two.shutdownNow();
        }
    }

    @Test
    void aServiceWithoutInstancesIsUnavailable() {
        ManagedChannel channel = channel("registry:///nobody");
        try {
            StatusRuntimeException failure = assertThrows(
                    StatusRuntimeException.class,
                    () -> ClientCalls.blockingUnaryCall(channel, NAME, CallOptions.DEFAULT, ""));
            assertEquals(Status.Code.UNAVAILABLE, failure.getStatus().getCode());
            assertTrue(failure.getMessage().contains("nobody"), failure.getMessage());
        } finally {
            channel.shutdownNow();
        }
    }

    @Test
    void whatNamesNoServiceIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> channel("registry:///"));
        assertThrows(IllegalArgumentException.class, () -> channel("registry:///a?color=blue"));
    }
}
