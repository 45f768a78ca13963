package registry.paste.client.copy;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import registry.paste.client.json.JsonObject;

/** What is known of one configuration item. Writing takes a lock, reading doesn't. */
public final class ConfigCopy {
    private final String name;
    private final CountDownLatch known = new CountDownLatch(1);
    private volatile Release release;
    private volatile boolean secret;
    /** Whether a stream has said in this run what is known; else it is from disk. */
    private boolean told;

    ConfigCopy(String name) {
        this.name = name;
    }

    /** A release of the item. */
    public record Release(long number, String format, String content) {}

    /** {@code group/key}. */
    public String name() {
        return name;
    }

    /** The release in use, or null if there is none. */
    public Release release() {
        return release;
    }

    public boolean known() {
        return known.getCount() == 0;
    }

    /** Waits until it is known whether there is a release. */
    public boolean awaitKnown(Duration limit) throws InterruptedException {
        return known.await(limit.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** What an event did. */
    enum Effect {
        /** The item is known, or has changed. */
        CHANGED,
        /** The release that was known was told again. */
        CONFIRMED,
        /** Nothing. */
        NONE
    }

    /** What was on disk. */
    synchronized void load(JsonObject onDisk) {
        apply(onDisk);
        told = false;
    }

    /** A config event. */
    synchronized Effect apply(JsonObject event) {
        if (event.string("error", null) != null) {
            return Effect.NONE;
        }
        boolean removed = event.bool("removed", false);
        Release changed = removed || event.string("content", null) == null
                ? null
                : new Release(event.number("release"), event.string("format", "text"), event.string("content"));
        boolean news = !known() || !Objects.equals(changed, release);
        release = changed;
        secret = event.bool("secret", false);
        told = true;
        known.countDown();
        if (news) {
            return Effect.CHANGED;
        }
        return changed == null ? Effect.NONE : Effect.CONFIRMED;
    }

    /** Whether what is known was said by a stream in this run. */
    synchronized boolean confirmed() {
        return told;
    }

    /** What goes to disk; null where nothing should. */
    synchronized Map<String, Object> write() {
        Release current = release;
        if (current == null || secret) {
            return null;
        }
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("release", current.number());
        json.put("format", current.format());
        json.put("content", current.content());
        return json;
    }
}
