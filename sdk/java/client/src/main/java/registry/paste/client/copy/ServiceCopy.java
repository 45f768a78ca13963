package registry.paste.client.copy;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import registry.paste.client.json.JsonException;
import registry.paste.client.json.JsonObject;
import registry.paste.client.model.Instance;
import registry.paste.client.model.Policy;
import registry.paste.client.traffic.Decider;
import registry.paste.client.wire.InstanceJson;
import registry.paste.client.wire.PolicyJson;

/** What is known of one service. Writing takes a lock, reading doesn't. */
public final class ServiceCopy {
    private final String name;
    private final Decider decider;
    private final CountDownLatch known = new CountDownLatch(1);

    private final Members members = new Members();
    private String epoch = "";
    /** Whether a stream has said in this run what is known; else it is from disk, or of a history that is over. */
    private boolean told;

    private long revision;
    private boolean isProtected;
    private Object policyJson;

    private volatile List<Instance> instances = List.of();
    private volatile Policy policy = Policy.DEFAULT;

    ServiceCopy(String name, Decider decider) {
        this.name = name;
        this.decider = decider;
    }

    public String name() {
        return name;
    }

    public Decider decider() {
        return decider;
    }

    public List<Instance> instances() {
        return instances;
    }

    public Policy policy() {
        return policy;
    }

    public boolean known() {
        return known.getCount() == 0;
    }

    /** Waits until something is known. */
    public boolean awaitKnown(Duration limit) throws InterruptedException {
        return known.await(limit.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** What was on disk, of the history {@code itsEpoch}. */
    synchronized void load(JsonObject onDisk, String itsEpoch, long now) {
        snapshot(onDisk, itsEpoch, now);
        told = false;
    }

    /** A snapshot event, of the history {@code itsEpoch}; whether it was news. */
    synchronized boolean snapshot(JsonObject event, String itsEpoch, long now) {
        List<Instance> listed =
                event.objects("instances").stream().map(InstanceJson::read).toList();
        Policy itsPolicy = policy(event.fields().get("policy"));
        long itsRevision = event.number("revision");
        boolean sameHistory = epoch.equals(itsEpoch);
        if (known() && sameHistory && itsRevision < revision) {
            // A node that lags behind; what follows brings it to where we are.
            return false;
        }
        if (known() && !sameHistory) {
            members.doubt(now);
        }
        members.replace(listed);
        epoch = itsEpoch;
        revision = itsRevision;
        isProtected = event.bool("protected", false);
        policyJson = event.fields().get("policy");
        told = true;
        publish(itsPolicy, now);
        return true;
    }

    /** A delta event; whether it was news. */
    synchronized boolean delta(JsonObject event, long now) {
        if (!known()) {
            throw new JsonException("a delta of " + name + " before its snapshot");
        }
        List<Instance> upserted =
                event.objects("upserted").stream().map(InstanceJson::read).toList();
        List<String> removed = event.strings("removed");
        boolean policyChanged = event.has("policy");
        Policy itsPolicy = policyChanged ? policy(event.fields().get("policy")) : policy;
        long itsRevision = event.number("revision");
        if (itsRevision < revision) {
            return false;
        }
        members.upsert(upserted);
        members.remove(removed);
        revision = itsRevision;
        isProtected = event.bool("protected", isProtected);
        policyJson = policyChanged ? event.fields().get("policy") : policyJson;
        told = true;
        publish(itsPolicy, now);
        return true;
    }

    /** The history is another one: what is known is kept, unconfirmed, until snapshots come. */
    synchronized void reset(String itsEpoch, long now) {
        if (!epoch.equals(itsEpoch)) {
            epoch = itsEpoch;
            revision = 0;
        }
        told = false;
        members.doubt(now);
    }

    /** No stream speaks of it: the time of unconfirmed ones begins anew. */
    synchronized void extend(long now) {
        members.extend(now);
    }

    /** Lets unconfirmed ones go whose time is up; whether there were any. */
    synchronized boolean expire(long now) {
        boolean gone = members.expire(now);
        if (gone) {
            publish(policy, now);
        }
        return gone;
    }

    /** Whether all that is known was said by a stream in this run, and nobody is unconfirmed. */
    synchronized boolean confirmed() {
        return told && !members.anyUnconfirmed();
    }

    synchronized String epoch() {
        return epoch;
    }

    /** What goes to disk. */
    synchronized Map<String, Object> write() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("revision", revision);
        json.put("protected", isProtected);
        json.put("policy", policyJson);
        json.put("instances", instances.stream().map(InstanceJson::write).toList());
        return json;
    }

    private void publish(Policy changed, long now) {
        // First the decider: who has seen an instance in the list can choose it.
        List<Instance> listed = members.list();
        decider.update(listed, isProtected, changed, now);
        policy = changed;
        instances = listed;
        known.countDown();
    }

    private static Policy policy(Object json) {
        return json == null ? Policy.DEFAULT : PolicyJson.read(JsonObject.of(json, "policy"));
    }
}
