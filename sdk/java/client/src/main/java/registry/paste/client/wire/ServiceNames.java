package registry.paste.client.wire;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import registry.paste.client.json.JsonException;
import registry.paste.client.json.JsonObject;

/** Lists the services of a namespace, page by page. */
public final class ServiceNames {
    private static final int PAGES_MAX = 1_000;

    private final Transport transport;
    private final Duration timeout;

    public ServiceNames(Transport transport, Duration timeout) {
        this.transport = transport;
        this.timeout = timeout;
    }

    /** All names. */
    public List<String> all() throws IOException, InterruptedException {
        List<String> names = new ArrayList<>();
        String cursor = null;
        for (int page = 0; page < PAGES_MAX; page++) {
            String query = cursor == null ? "" : "&cursor=" + Transport.escape(cursor);
            Answer answer = transport.call("GET", "services?limit=1000" + query, null, timeout);
            if (!answer.ok()) {
                throw new IOException("the registry doesn't list its services: " + answer.detail());
            }
            try {
                JsonObject list = JsonObject.read(new String(answer.body(), StandardCharsets.UTF_8));
                list.objects("services").forEach(service -> names.add(service.string("service")));
                cursor = list.string("cursor", null);
            } catch (JsonException unreadable) {
                throw new IOException("the registry's list of services can't be read", unreadable);
            }
            if (cursor == null) {
                break;
            }
        }
        return names;
    }
}
