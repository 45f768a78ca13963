package registry.paste.client;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import registry.paste.client.model.Instance;
import registry.paste.client.model.Outcome;
import registry.paste.client.traffic.Decision;

/**
 * One instance, chosen for one call. Say how the call ended, with {@link #done(Outcome)}: that steers later choices. Closing
 * without a word counts as success of unknown latency; one that is never closed counts as a call in flight for ever.
 */
public final class Pick implements AutoCloseable {
    private static final VarHandle DONE = done();

    private final Service service;
    private final Decision decision;
    private final long begun;
    private final List<String> trace;

    @SuppressWarnings("unused")
    private volatile boolean done;

    Pick(Service service, Decision decision, long begun, List<String> trace) {
        this.service = service;
        this.decision = decision;
        this.begun = begun;
        this.trace = trace;
        decision.endpoint().begin();
    }

    private static VarHandle done() {
        try {
            return MethodHandles.lookup().findVarHandle(Pick.class, "done", boolean.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    /**
     * The instance, as it was registered when it was chosen or later.
     *
     * @return the instance
     */
    public Instance instance() {
        return decision.endpoint().instance();
    }

    /**
     * Where the call goes.
     *
     * @param scheme such as {@code http}
     * @param pathAndQuery such as {@code /orders?limit=3}
     * @return the address of the instance
     */
    public URI uri(String scheme, String pathAndQuery) {
        return URI.create(scheme + "://" + instance().authority() + pathAndQuery);
    }

    /**
     * The subset of the policy that answers.
     *
     * @return its name; empty where it is the whole service
     */
    public Optional<String> subset() {
        return Optional.ofNullable(decision.subset());
    }

    /**
     * How near the instance is.
     *
     * @return {@code zone}, {@code region}, {@code failover:} and a region, or {@code other}
     */
    public String priority() {
        return decision.priority();
    }

    /**
     * How it was chosen, step by step, in words for a person.
     *
     * @return the steps; empty unless {@link PickRequest#traced()} asked for them
     */
    public List<String> trace() {
        return trace;
    }

    /**
     * The call ended now; it began when this was chosen.
     *
     * @param outcome how
     */
    public void done(Outcome outcome) {
        finish(outcome, service.nanos() - begun);
    }

    /**
     * The call ended.
     *
     * @param outcome how
     * @param latency how long it took
     */
    public void done(Outcome outcome, Duration latency) {
        finish(outcome, latency.toNanos());
    }

    /** Ends it; a success of unknown latency unless something was said before. */
    @Override
    public void close() {
        finish(Outcome.SUCCESS, -1);
    }

    private void finish(Outcome outcome, long latency) {
        if (DONE.compareAndSet(this, false, true)) {
            decision.endpoint().end();
            service.finished(decision.endpoint(), outcome, latency);
        }
    }
}
