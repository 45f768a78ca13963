package registry.paste.client.stream;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/** All streams of a client, as many as its subscriptions need. Thread-safe. */
public final class Watcher {
    private final StreamContext context;
    private final List<WatchGroup> groups = new ArrayList<>();
    private final AtomicInteger threads = new AtomicInteger();

    public Watcher(StreamContext context) {
        this.context = context;
        context.transport().addresses().onMove(() -> snapshot().forEach(WatchGroup::move));
    }

    public void followService(String name) {
        groupWithRoom().add(name, false);
    }

    /** {@code name} is {@code group/key}. */
    public void followConfig(String name) {
        groupWithRoom().add(name, true);
    }

    private synchronized WatchGroup groupWithRoom() {
        if (groups.isEmpty() || groups.get(groups.size() - 1).full()) {
            groups.add(new WatchGroup(
                    group -> new WatchStream(context, group, "paste-registry-stream-" + threads.incrementAndGet())));
        }
        return groups.get(groups.size() - 1);
    }

    /** The registry knows us anew. */
    public void renew() {
        snapshot().forEach(WatchGroup::renew);
    }

    /** To be called every second or so: ends streams that have been silent for too long. */
    public void checkSilence() {
        snapshot().forEach(group -> group.checkSilence(context.time().nanos()));
    }

    /** Whether all streams are open. */
    public boolean isOpen() {
        List<WatchGroup> all = snapshot();
        return !all.isEmpty() && all.stream().allMatch(WatchGroup::isOpen);
    }

    /** The services that open streams speak of. */
    public Set<String> servicesSpokenOf() {
        Set<String> names = new HashSet<>();
        snapshot().stream()
                .filter(WatchGroup::isOpen)
                .forEach(group -> names.addAll(group.subscriptions().services()));
        return names;
    }

    /** Why a stream isn't open; words for a person. */
    public String reason() {
        return snapshot().stream()
                .map(WatchGroup::lastFailure)
                .filter(failure -> failure != null)
                .findFirst()
                .orElse("the registry has not answered yet");
    }

    /** Ends all streams, and waits for them at most so long. */
    public void close(long milliseconds) throws InterruptedException {
        List<WatchStream> streams = new ArrayList<>();
        snapshot().forEach(group -> streams.addAll(group.close()));
        long end = System.nanoTime() + milliseconds * 1_000_000;
        for (WatchStream stream : streams) {
            stream.join((end - System.nanoTime()) / 1_000_000);
        }
    }

    private synchronized List<WatchGroup> snapshot() {
        return List.copyOf(groups);
    }
}
