package registry.paste.client;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import registry.paste.client.traffic.Ask;
import registry.paste.client.traffic.Selector;
import registry.paste.client.traffic.VersionRange;

/**
 * What is asked of {@link Service#choose(PickRequest)}. Immutable: each method gives a new one. Begin with {@link #any()}, and
 * keep those that are the same for many calls.
 */
public final class PickRequest {
    private static final PickRequest ANY = new PickRequest(Ask.ANY, false);

    private final Ask ask;
    private final boolean trace;

    private PickRequest(Ask ask, boolean trace) {
        this.ask = ask;
        this.trace = trace;
    }

    /**
     * Any instance.
     *
     * @return a request that asks for nothing
     */
    public static PickRequest any() {
        return ANY;
    }

    /**
     * Only instances with a version in a range.
     *
     * @param range such as {@code ^1.4}, {@code >=2 <3} or {@code 1.x || 2.x}
     * @return the narrower request
     * @throws IllegalArgumentException if it is no version range; the message says where
     */
    public PickRequest version(String range) {
        return with(new Selector(
                VersionRange.parse(range), ask.selector().tags(), ask.selector().metadata()));
    }

    /**
     * Only instances with all of these tags.
     *
     * @param tags the tags
     * @return the narrower request
     */
    public PickRequest tags(String... tags) {
        TreeSet<String> all = new TreeSet<>(ask.selector().tags());
        all.addAll(List.of(tags));
        return with(new Selector(
                ask.selector().range(), List.copyOf(all), ask.selector().metadata()));
    }

    /**
     * Only instances with this pair in their metadata.
     *
     * @param key the key
     * @param value its value
     * @return the narrower request
     */
    public PickRequest metadata(String key, String value) {
        Map<String, String> all = new HashMap<>(ask.selector().metadata());
        all.put(key, value);
        return with(new Selector(ask.selector().range(), ask.selector().tags(), Map.copyOf(all)));
    }

    /**
     * The headers of the call, for rules of the policy and its {@code hash_header}.
     *
     * @param headers values by name; the case of the names is of no account
     * @return the request with these headers alone
     */
    public PickRequest headers(Map<String, String> headers) {
        return new PickRequest(new Ask(ask.selector(), headers, ask.hashKey(), ask.tried()), trace);
    }

    /**
     * What the hashing balancers hash where the policy names no header: calls with the same key go to the same instance.
     *
     * @param key the key
     * @return the request with this key
     */
    public PickRequest hashKey(String key) {
        return new PickRequest(new Ask(ask.selector(), ask.headers(), key, ask.tried()), trace);
    }

    /**
     * Not these instances, unless there are no others.
     *
     * @param ids ids of instances, such as those that were tried
     * @return the request without them
     */
    public PickRequest excluding(Collection<String> ids) {
        return new PickRequest(ask.afterTrying(Set.copyOf(ids)), trace);
    }

    /**
     * Asks for {@link Pick#trace()}, which costs a little.
     *
     * @return the request with a trace
     */
    public PickRequest traced() {
        return new PickRequest(ask, true);
    }

    Ask ask() {
        return ask;
    }

    boolean isTraced() {
        return trace;
    }

    private PickRequest with(Selector selector) {
        return new PickRequest(new Ask(selector, ask.headers(), ask.hashKey(), ask.tried()), trace);
    }
}
