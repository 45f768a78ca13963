package registry.paste.client.wire;

import java.net.URI;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongSupplier;
import registry.paste.client.traffic.Unsigned;

/**
 * The nodes of one registry, and which of them is spoken to: one by chance at first, the next after each failure, and away
 * from those that are isolated. Thread-safe.
 */
public final class Addresses {
    private static final long ISOLATED_MOVE_NANOS = 30_000_000_000L;
    private static final long ISOLATED_REMEMBERED_NANOS = 120_000_000_000L;

    private final List<URI> nodes;
    /** When a node last said that it is isolated; null where it never did, or has taken it back. */
    private final Long[] isolatedAt;

    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private int current;
    private long movedForIsolation;
    private boolean everMovedForIsolation;

    public Addresses(List<URI> nodes, LongSupplier random) {
        this.nodes = List.copyOf(nodes);
        this.isolatedAt = new Long[nodes.size()];
        this.current = (int) Unsigned.mulhi(random.getAsLong(), nodes.size());
    }

    /** One node. */
    public record Node(int index, URI uri) {}

    /** The node to speak to. */
    public synchronized Node current() {
        return new Node(current, nodes.get(current));
    }

    /** {@code listener} is told when another node is to be spoken to; must not wait. */
    public void onMove(Runnable listener) {
        listeners.add(listener);
    }

    /** A node failed; moves on, unless that has happened. */
    public void failed(Node node) {
        synchronized (this) {
            if (node.index != current || nodes.size() == 1) {
                return;
            }
            current = (current + 1) % nodes.size();
        }
        listeners.forEach(Runnable::run);
    }

    /** A node answered, and said whether others may know more. */
    public void answered(Node node, boolean isIsolated, long now) {
        synchronized (this) {
            isolatedAt[node.index] = isIsolated ? now : null;
            if (!isIsolated || node.index != current || !mayMove(now)) {
                return;
            }
            int next = nextNotIsolated(now);
            if (next == current) {
                return;
            }
            current = next;
            movedForIsolation = now;
            everMovedForIsolation = true;
        }
        listeners.forEach(Runnable::run);
    }

    private boolean mayMove(long now) {
        return !everMovedForIsolation || now - movedForIsolation >= ISOLATED_MOVE_NANOS;
    }

    private int nextNotIsolated(long now) {
        for (int step = 1; step < isolatedAt.length; step++) {
            int index = (current + step) % isolatedAt.length;
            if (isolatedAt[index] == null || now - isolatedAt[index] >= ISOLATED_REMEMBERED_NANOS) {
                return index;
            }
        }
        return current;
    }
}
