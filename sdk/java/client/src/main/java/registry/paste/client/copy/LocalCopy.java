package registry.paste.client.copy;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import registry.paste.client.json.JsonException;
import registry.paste.client.json.JsonObject;
import registry.paste.client.traffic.Decider;
import registry.paste.client.wire.Time;

/** All services and configuration items that this client follows. Thread-safe. */
public final class LocalCopy {
    /** Silence of an open stream that says nothing yet: the registry writes every 15 s. */
    private static final Duration QUIET = Duration.ofSeconds(20);

    private final Time time;
    private final Function<String, Decider> deciders;
    private final Listener listener;
    private final Map<String, ServiceCopy> services = new ConcurrentHashMap<>();
    private final Map<String, ConfigCopy> configs = new ConcurrentHashMap<>();
    private final Map<String, JsonObject> servicesOnDisk = new ConcurrentHashMap<>();
    private final Map<String, JsonObject> configsOnDisk = new ConcurrentHashMap<>();
    private volatile String epochOnDisk = "";
    /** When the copy was fresh: with a stream the last byte of it, else the time when the file was written. */
    private volatile long freshAt;

    private volatile boolean fresh;
    private final AtomicLong changes = new AtomicLong();

    /** Who is told of changes; must not wait. */
    public interface Listener {
        /** A service is known or has changed. */
        void changed(ServiceCopy service);

        /** A configuration item is known or has changed. */
        void changed(ConfigCopy config);

        /** The release of a configuration item that was known already was told again. */
        void confirmed(ConfigCopy config);
    }

    public LocalCopy(Time time, Function<String, Decider> deciders, Listener listener) {
        this.time = time;
        this.deciders = deciders;
        this.listener = listener;
    }

    /** Takes what was on disk. Services that nobody asks for cost nothing but its memory. */
    public void load(SnapshotFile.Loaded loaded) {
        JsonObject payload = loaded.payload();
        epochOnDisk = payload.string("epoch", "");
        payload.object("services")
                .fields()
                .forEach((name, json) -> servicesOnDisk.put(name, JsonObject.of(json, name)));
        payload.object("configs").fields().forEach((name, json) -> configsOnDisk.put(name, JsonObject.of(json, name)));
        freshAt = time.nanos() - loaded.age().toNanos();
        fresh = true;
    }

    public ServiceCopy service(String name) {
        return services.computeIfAbsent(name, unknown -> {
            ServiceCopy copy = new ServiceCopy(name, deciders.apply(name));
            JsonObject onDisk = servicesOnDisk.remove(name);
            if (onDisk != null) {
                readFromDisk(name, () -> copy.load(onDisk, epochOnDisk, time.nanos()));
            }
            return copy;
        });
    }

    public ConfigCopy config(String name) {
        return configs.computeIfAbsent(name, unknown -> {
            ConfigCopy copy = new ConfigCopy(name);
            JsonObject onDisk = configsOnDisk.remove(name);
            if (onDisk != null) {
                readFromDisk(name, () -> copy.load(onDisk));
            }
            return copy;
        });
    }

    private static void readFromDisk(String name, Runnable read) {
        try {
            read.run();
        } catch (JsonException unusable) {
            System.getLogger("registry.paste.client")
                    .log(
                            System.Logger.Level.WARNING,
                            "passing over " + name + " in the snapshot: " + unusable.getMessage());
        }
    }

    /** A snapshot event of the history {@code itsEpoch}. */
    public void snapshot(JsonObject event, String itsEpoch) {
        follow(event, copy -> copy.snapshot(event, itsEpoch, time.nanos()));
    }

    /** A delta event. */
    public void delta(JsonObject event) {
        follow(event, copy -> copy.delta(event, time.nanos()));
    }

    private void follow(JsonObject event, Function<ServiceCopy, Boolean> apply) {
        ServiceCopy copy = services.get(event.string("service"));
        if (copy != null && apply.apply(copy)) {
            changes.incrementAndGet();
            listener.changed(copy);
        }
    }

    /** A config event. */
    public void config(JsonObject event) {
        ConfigCopy copy = configs.get(event.string("group") + "/" + event.string("key"));
        ConfigCopy.Effect effect = copy == null ? ConfigCopy.Effect.NONE : copy.apply(event);
        if (effect == ConfigCopy.Effect.NONE) {
            return;
        }
        changes.incrementAndGet();
        if (effect == ConfigCopy.Effect.CHANGED) {
            listener.changed(copy);
        } else {
            listener.confirmed(copy);
        }
    }

    /** A reset event, for the services of one stream. */
    public void reset(List<String> names, String itsEpoch) {
        names.forEach(name -> service(name).reset(itsEpoch, time.nanos()));
    }

    /** Bytes came on a stream. */
    public void heard() {
        freshAt = time.nanos();
        fresh = true;
    }

    /** How old the copy is: null where nothing is known. */
    public Duration age(boolean streamOpen) {
        if (!fresh) {
            return null;
        }
        Duration silence = Duration.ofNanos(Math.max(0, time.nanos() - freshAt));
        return streamOpen && silence.compareTo(QUIET) <= 0 ? Duration.ZERO : silence;
    }

    /**
     * Lets unconfirmed instances go whose time is up. It stands still for services that no open stream speaks of, and begins
     * anew when one does: a registry that is away can't confirm anybody.
     *
     * @param spokenOf the services that open streams speak of
     */
    public void expire(Set<String> spokenOf) {
        for (ServiceCopy copy : services.values()) {
            if (!spokenOf.contains(copy.name())) {
                copy.extend(time.nanos());
            } else if (copy.expire(time.nanos())) {
                changes.incrementAndGet();
                listener.changed(copy);
            }
        }
    }

    /** Grows with each change. */
    public long changes() {
        return changes.get();
    }

    public void forEachService(Consumer<ServiceCopy> action) {
        services.values().forEach(action);
    }

    /**
     * What goes to disk: all that is known, if a stream has said all of it in this run, and of one history. Else nothing: one
     * time and one epoch couldn't be true of all that is in it.
     */
    public Optional<Map<String, Object>> write(Instant savedAt) {
        List<ServiceCopy> known =
                services.values().stream().filter(ServiceCopy::known).toList();
        List<ConfigCopy> items =
                configs.values().stream().filter(ConfigCopy::known).toList();
        List<String> epochs = known.stream().map(ServiceCopy::epoch).distinct().toList();
        if ((known.isEmpty() && items.isEmpty())
                || epochs.size() > 1
                || !known.stream().allMatch(ServiceCopy::confirmed)
                || !items.stream().allMatch(ConfigCopy::confirmed)) {
            return Optional.empty();
        }
        Map<String, Object> servicesJson = new LinkedHashMap<>();
        known.forEach(copy -> servicesJson.put(copy.name(), copy.write()));
        Map<String, Object> configsJson = new LinkedHashMap<>();
        for (ConfigCopy item : items) {
            Map<String, Object> json = item.write();
            if (json != null) {
                configsJson.put(item.name(), json);
            }
        }
        Map<String, Object> payload = new LinkedHashMap<>();
        payload.put("epoch", epochs.isEmpty() ? "" : epochs.get(0));
        payload.put("saved_at", savedAt.toString());
        payload.put("services", servicesJson);
        payload.put("configs", configsJson);
        return Optional.of(payload);
    }
}
