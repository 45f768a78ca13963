package registry.paste.client.wire;

import java.lang.reflect.InvocationTargetException;
import java.net.http.HttpClient;

/** What differs between the JDKs. */
public final class HttpClients {
    private HttpClients() {}

    /**
     * Ends a client that nobody uses any more. Java 17 to 20 know no way; there its selector thread goes by itself, once the
     * client has been collected.
     */
    public static void end(HttpClient client) {
        try {
            HttpClient.class.getMethod("shutdownNow").invoke(client);
        } catch (NoSuchMethodException older) {
            // See above.
        } catch (IllegalAccessException | InvocationTargetException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
