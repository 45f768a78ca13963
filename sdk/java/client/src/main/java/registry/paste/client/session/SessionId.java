package registry.paste.client.session;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.function.LongSupplier;

/** The name of this process at the registry. */
public final class SessionId {
    private static final int HOST_LENGTH_MAX = 96;

    private SessionId() {}

    /** Draws one: host name, process id, and what makes it unique. */
    public static String draw(LongSupplier random) {
        return of(hostName(), ProcessHandle.current().pid(), random.getAsLong());
    }

    static String of(String host, long pid, long random) {
        String name = host.replaceAll("[^A-Za-z0-9._-]", "-").replaceAll("^[^A-Za-z0-9]+", "");
        if (name.length() > HOST_LENGTH_MAX) {
            name = name.substring(0, HOST_LENGTH_MAX);
        }
        return (name.isEmpty() ? "host" : name) + "-" + pid + "-" + String.format("%08x", (int) random);
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException nameless) {
            return "host";
        }
    }
}
