package registry.paste.client.copy;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import registry.paste.client.model.Instance;

/**
 * The instances of a service by id. Within an epoch a snapshot is the whole truth; where the history is another one, those
 * that were known stay for a while, unconfirmed, until they come again or their time is up. Not thread-safe.
 */
final class Members {
    static final long UNCONFIRMED_NANOS = 60_000_000_000L;

    private final Map<String, Instance> byId = new TreeMap<>();
    private final Map<String, Long> unconfirmedUntil = new TreeMap<>();

    List<Instance> list() {
        return List.copyOf(byId.values());
    }

    /** All that are there, of the history that is known; those of another one that weren't confirmed stay. */
    void replace(Collection<Instance> instances) {
        Set<String> named = new HashSet<>();
        instances.forEach(instance -> named.add(instance.id()));
        byId.keySet().removeIf(id -> !named.contains(id) && !unconfirmedUntil.containsKey(id));
        upsert(instances);
    }

    void upsert(Collection<Instance> instances) {
        for (Instance instance : instances) {
            byId.put(instance.id(), instance);
            unconfirmedUntil.remove(instance.id());
        }
    }

    void remove(Collection<String> ids) {
        byId.keySet().removeAll(ids);
        unconfirmedUntil.keySet().removeAll(ids);
    }

    /** The history is another one: nobody is confirmed any more. Who wasn't before doesn't get more time. */
    void doubt(long now) {
        byId.keySet().forEach(id -> unconfirmedUntil.putIfAbsent(id, now + UNCONFIRMED_NANOS));
    }

    boolean anyUnconfirmed() {
        return !unconfirmedUntil.isEmpty();
    }

    /** Nobody can confirm them now: their time begins anew. */
    void extend(long now) {
        unconfirmedUntil.replaceAll((id, until) -> now + UNCONFIRMED_NANOS);
    }

    /** Lets those go whose time is up; whether there were any. */
    boolean expire(long now) {
        List<String> gone = new ArrayList<>();
        Iterator<Map.Entry<String, Long>> entries = unconfirmedUntil.entrySet().iterator();
        while (entries.hasNext()) {
            Map.Entry<String, Long> entry = entries.next();
            if (entry.getValue() <= now) {
                gone.add(entry.getKey());
                entries.remove();
            }
        }
        byId.keySet().removeAll(gone);
        return !gone.isEmpty();
    }
}
