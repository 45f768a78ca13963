package registry.paste.client.wire;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;

/** The address of this machine. */
public final class LocalAddress {
    private static final int ANY_PORT = 9;

    private LocalAddress() {}

    /** The address that packets towards {@code node} carry; that of the loopback where it can't be told. Sends nothing. */
    public static String towards(URI node) {
        int port = node.getPort() < 0 ? ANY_PORT : node.getPort();
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.connect(new InetSocketAddress(node.getHost(), port));
            String address = socket.getLocalAddress().getHostAddress();
            int scope = address.indexOf('%');
            return scope < 0 ? address : address.substring(0, scope);
        } catch (IOException | IllegalArgumentException | UncheckedIOException unknown) {
            return InetAddress.getLoopbackAddress().getHostAddress();
        }
    }
}
