package registry.paste.client;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import registry.paste.client.copy.ConfigCopy;

/** A configuration item that is followed. Thread-safe. */
public final class ConfigItem {
    private final Registry registry;
    private final ConfigCopy copy;
    private final long waitsUntil;
    private final List<Callback> callbacks = new CopyOnWriteArrayList<>();
    /** The last word on a release; null before there is one. */
    private volatile Verdict verdict;

    ConfigItem(Registry registry, ConfigCopy copy, long waitsUntil) {
        this.registry = registry;
        this.copy = copy;
        this.waitsUntil = waitsUntil;
    }

    /**
     * A release of an item.
     *
     * @param release its number, from 1
     * @param format how the content is read, such as {@code yaml}
     * @param content the content
     */
    public record Value(long release, String format, String content) {}

    /** Whether a release could be applied: {@code error} is null where it could. */
    record Verdict(long release, String error) {}

    /** Applies a release. */
    @FunctionalInterface
    public interface Callback {
        /**
         * Applies it. Returning acknowledges the release; throwing tells the registry that it could not be applied.
         *
         * @param value the release; empty where the item was removed
         * @throws Exception why it can't be applied
         */
        void changed(Optional<Value> value) throws Exception;
    }

    /**
     * Its name.
     *
     * @return {@code group/key}
     */
    public String name() {
        return copy.name();
    }

    /**
     * What holds now. Before the first answer of the registry this waits, at most the client's request time-out since the item
     * was first asked for.
     *
     * @return the release; empty where there is no such item
     * @throws NotKnownYetException if nothing is known
     */
    public Optional<Value> value() {
        if (!copy.known()) {
            try {
                copy.awaitKnown(Duration.ofNanos(Math.max(0, waitsUntil - registry.nanos())));
            } catch (InterruptedException stopping) {
                Thread.currentThread().interrupt();
            }
            if (!copy.known()) {
                throw new NotKnownYetException(name(), registry.reason());
            }
        }
        return current();
    }

    /**
     * Calls back with each release, one at a time, on a thread of the client; with the one in use first, if that is known.
     *
     * @param callback applies a release
     * @return ends it when closed
     */
    public Subscription onChange(Callback callback) {
        callbacks.add(callback);
        if (copy.known()) {
            registry.deliver(this, current(), List.of(callback));
        }
        return () -> callbacks.remove(callback);
    }

    /**
     * Waits until something is known.
     *
     * @param limit how long at most
     * @return whether something is
     * @throws InterruptedException if the thread was interrupted
     */
    public boolean await(Duration limit) throws InterruptedException {
        return copy.awaitKnown(limit);
    }

    Optional<Value> current() {
        return Optional.ofNullable(copy.release())
                .map(release -> new Value(release.number(), release.format(), release.content()));
    }

    Verdict verdict() {
        return verdict;
    }

    void verdict(Verdict last) {
        verdict = last;
    }

    List<Callback> callbacks() {
        return callbacks;
    }
}
