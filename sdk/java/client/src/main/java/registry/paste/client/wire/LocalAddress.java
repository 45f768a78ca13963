package registry.paste.client.wire;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.URI;

/** The address of this machine. */
public final class LocalAddress {
    private static final int ANY_PORT = 9;

    private LocalAddress() {}

    /**
     * The address that packets towards {@code node} carry. Sends nothing.
     *
     * @throws IOException if it can't be told now; that of the loopback is one for registries that are there, too
     */
    public static String towards(URI node) throws IOException {
        int port = node.getPort() < 0 ? ANY_PORT : node.getPort();
        try (DatagramSocket socket = new DatagramSocket()) {
            InetSocketAddress registry = new InetSocketAddress(node.getHost(), port);
            socket.connect(registry);
            InetAddress local = socket.getLocalAddress();
            if (local.isAnyLocalAddress()
                    || local.isLoopbackAddress() && !registry.getAddress().isLoopbackAddress()) {
                throw new SocketException("it has no address there");
            }
            String address = local.getHostAddress();
            int scope = address.indexOf('%');
            return scope < 0 ? address : address.substring(0, scope);
        } catch (IOException | IllegalArgumentException | UncheckedIOException unknown) {
            throw new IOException(
                    "the address of this machine towards " + node + " is unknown; say it when registering", unknown);
        }
    }
}
