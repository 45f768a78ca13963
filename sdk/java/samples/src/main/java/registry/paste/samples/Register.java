package registry.paste.samples;

import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import registry.paste.client.Registration;
import registry.paste.client.Registry;
import registry.paste.client.ServedCalls;

/** Serves {@code orders} and registers it until the program is stopped. Arguments: version, zone. */
public final class Register {
    private Register() {}

    /** Runs until it is interrupted; the registration is drained and removed then. */
    public static void main(String[] arguments) throws Exception {
        String version = arguments.length > 0 ? arguments[0] : "1.0.0";
        String zone = arguments.length > 1 ? arguments[1] : null;
        Registry registry = Registry.builder().zone(zone).connect();

        HttpServer server = HttpServer.create(new InetSocketAddress(0), 0);
        ServedCalls served = registry.served();
        server.createContext("/", exchange -> {
            served.begin();
            byte[] body = ("orders " + version + "\n").getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
            served.end(false);
        });
        server.start();

        Registration registration = registry.registration(
                        "orders", server.getAddress().getPort())
                .version(version)
                .protocol("http")
                .register();
        System.out.println("registered as " + registration.id());
        new CountDownLatch(1).await();
    }
}
