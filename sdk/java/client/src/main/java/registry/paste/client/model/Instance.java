package registry.paste.client.model;

import java.util.List;
import java.util.Map;

/**
 * An instance of a service, as everybody sees it.
 *
 * @param id its id within the service
 * @param address an IP address or a host name
 * @param port the main port
 * @param ports further ports by name
 * @param protocol what it speaks on {@code port}, or null
 * @param version the semantic version of the running code, or null
 * @param weight its share of traffic relative to its siblings, 0 to 10,000
 * @param region the region it runs in, or null
 * @param zone the zone it runs in, or null
 * @param tags words to select by
 * @param metadata pairs to select by
 * @param status what its owner or an administrator wants of it
 * @param health what is known of it
 * @param ephemeral whether it goes when its session ends
 * @param session the session that keeps it alive, or null
 * @param revision the revision of its registration
 */
public record Instance(
        String id,
        String address,
        int port,
        Map<String, Integer> ports,
        String protocol,
        String version,
        int weight,
        String region,
        String zone,
        List<String> tags,
        Map<String, String> metadata,
        Status status,
        Health health,
        boolean ephemeral,
        String session,
        long revision) {

    /**
     * Where it listens, as it stands in a URI.
     *
     * @return {@code address:port}, with an IPv6 address in brackets
     */
    public String authority() {
        return address.indexOf(':') >= 0 ? "[" + address + "]:" + port : address + ":" + port;
    }

    /**
     * Whether it may answer where nothing is protected: its status is up and its health isn't failing.
     *
     * @return whether it may
     */
    public boolean healthy() {
        return status == Status.UP && health != Health.FAILING;
    }
}
