package registry.paste.client.traffic;

import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import registry.paste.client.model.Instance;
import registry.paste.client.model.Status;

/**
 * An instance and what calls to it have taught. Lives as long as the instance keeps its address and port; every change of
 * what is registered goes into the same object, so that calls in flight find it.
 */
public final class Endpoint {
    /** An endpoint that isn't in slow start. */
    static final long NEVER = Long.MIN_VALUE;

    private final AtomicInteger inFlight = new AtomicInteger();
    private final byte[] key;
    private volatile Instance instance;
    private volatile Version version;
    private volatile boolean eligible;

    /** What peak EWMA knows; null before the first use. Written under this endpoint's lock. */
    volatile Latency latency;

    /** When slow start began. Written under the lock of the service's endpoints. */
    volatile long slowStartedAt = NEVER;

    /** Smooth weighted round robin's. Guarded by the lock of the balancer. */
    double current;

    /** Outlier detection's. Guarded by the lock of the detector, but for reading {@code ejectedUntil}. */
    final Outcomes outcomes = new Outcomes();

    volatile long ejectedUntil = NEVER;

    public Endpoint(Instance instance) {
        this.key = instance.authority().getBytes(StandardCharsets.UTF_8);
        this.instance = instance;
        this.version = Version.parse(instance.version());
    }

    /** What a latency sample leaves behind. */
    record Latency(double cost, long stamp, boolean observed) {}

    /** What outlier detection counts. */
    static final class Outcomes {
        int consecutiveFailures;
        long inInterval;
        long failuresInInterval;
        int ejections;
    }

    public Instance instance() {
        return instance;
    }

    public String id() {
        return instance.id();
    }

    /** Takes what is registered now; the address and the port are the same. */
    void update(Instance changed) {
        if (!Objects.equals(changed.version(), instance.version())) {
            version = Version.parse(changed.version());
        }
        instance = changed;
    }

    Version version() {
        return version;
    }

    /** {@code address:port}, as UTF-8. */
    byte[] key() {
        return key;
    }

    boolean up() {
        return instance.status() == Status.UP;
    }

    boolean eligible() {
        return eligible;
    }

    void eligible(boolean eligible) {
        this.eligible = eligible;
    }

    boolean ejected(long now) {
        return ejectedUntil > now;
    }

    /** Calls that were begun and haven't come back. */
    public int inFlight() {
        return inFlight.get();
    }

    /** A call begins. */
    public void begin() {
        inFlight.incrementAndGet();
    }

    /** A call is over. */
    public void end() {
        inFlight.decrementAndGet();
    }
}
