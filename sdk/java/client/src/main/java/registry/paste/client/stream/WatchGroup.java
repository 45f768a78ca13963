package registry.paste.client.stream;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Subscriptions that share a stream, at most a hundred. When there is one more, a second stream is opened with all of them,
 * and takes the place of the first as soon as it is open. Thread-safe.
 */
final class WatchGroup {
    private static final int SUBSCRIPTIONS_MAX = 100;

    private final Function<WatchGroup, WatchStream> streams;
    private Subscriptions subscriptions = new Subscriptions(List.of(), List.of());
    private WatchStream current;
    private WatchStream successor;
    private boolean closed;

    WatchGroup(Function<WatchGroup, WatchStream> streams) {
        this.streams = streams;
    }

    /** Names of services and of configuration items. */
    record Subscriptions(List<String> services, List<String> configs) {
        Subscriptions with(String name, boolean config) {
            List<String> more = new ArrayList<>(config ? configs : services);
            more.add(name);
            return config
                    ? new Subscriptions(services, List.copyOf(more))
                    : new Subscriptions(List.copyOf(more), configs);
        }

        int size() {
            return services.size() + configs.size();
        }
    }

    synchronized Subscriptions subscriptions() {
        return subscriptions;
    }

    synchronized boolean full() {
        return subscriptions.size() >= SUBSCRIPTIONS_MAX;
    }

    synchronized void add(String name, boolean config) {
        subscriptions = subscriptions.with(name, config);
        if (closed) {
            return;
        }
        if (current == null) {
            current = streams.apply(this);
            current.start();
        } else {
            succeed();
        }
    }

    /** Opens a second stream that takes over; nothing to do where one is being opened, because that asks what is wanted. */
    private void succeed() {
        if (!closed && successor == null && current.isOpen()) {
            successor = streams.apply(this);
            successor.start();
        }
    }

    /** A stream is open, with what was wanted when it asked. */
    synchronized void opened(WatchStream stream, Subscriptions asked) {
        if (stream == successor) {
            current.stop();
            current = successor;
            successor = null;
        }
        if (stream == current && !asked.equals(subscriptions)) {
            succeed();
        }
    }

    /** The registry knows us anew: open a stream that says who we are. */
    synchronized void renew() {
        if (current != null) {
            succeed();
        }
    }

    synchronized void move() {
        all().forEach(WatchStream::move);
    }

    synchronized void checkSilence(long now) {
        all().forEach(stream -> stream.checkSilence(now));
    }

    synchronized boolean isOpen() {
        return current != null && current.isOpen();
    }

    synchronized String lastFailure() {
        return current == null ? null : current.lastFailure();
    }

    /** Ends all streams; those that have to be waited for. */
    synchronized List<WatchStream> close() {
        closed = true;
        List<WatchStream> all = all();
        all.forEach(WatchStream::stop);
        return all;
    }

    private List<WatchStream> all() {
        List<WatchStream> all = new ArrayList<>();
        if (current != null) {
            all.add(current);
        }
        if (successor != null) {
            all.add(successor);
        }
        return all;
    }
}
