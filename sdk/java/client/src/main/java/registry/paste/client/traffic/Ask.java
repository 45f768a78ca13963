package registry.paste.client.traffic;

import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What is asked of a decision.
 *
 * @param selector which members
 * @param headers the request's headers; names without regard to case
 * @param hashKey the key of the hashing balancers, or null
 * @param tried ids that were tried
 */
public record Ask(Selector selector, Map<String, String> headers, String hashKey, Set<String> tried) {
    /** Anybody. */
    public static final Ask ANY = new Ask(Selector.ALL, Map.of(), null, Set.of());

    /** Takes the names of the headers in lower case. */
    public Ask {
        if (!headers.isEmpty()) {
            Map<String, String> lower = new TreeMap<>();
            headers.forEach((name, value) -> lower.put(name.toLowerCase(Locale.ROOT), value));
            headers = lower;
        }
    }

    /** The same when others were tried. */
    public Ask afterTrying(Set<String> others) {
        return new Ask(selector, headers, hashKey, others);
    }

    /** The value of a header whose name is in lower case, or null. */
    String header(String name) {
        return headers.get(name);
    }
}
