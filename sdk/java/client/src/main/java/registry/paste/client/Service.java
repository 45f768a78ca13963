package registry.paste.client;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import registry.paste.client.copy.ServiceCopy;
import registry.paste.client.model.Instance;
import registry.paste.client.model.Outcome;
import registry.paste.client.model.Policy;
import registry.paste.client.traffic.Decision;
import registry.paste.client.traffic.Endpoint;
import registry.paste.client.traffic.RetryBudget;

/**
 * The local copy of a service. Everything answers from memory; only before the first answer of the registry a call waits, at
 * most the client's request time-out since the service was first asked for. Thread-safe.
 */
public final class Service {
    private final Registry registry;
    private final ServiceCopy copy;
    private final long waitsUntil;
    private final List<Consumer<Service>> callbacks = new CopyOnWriteArrayList<>();
    private volatile Budget budget;

    /** The retry budget that belongs to a policy. */
    private record Budget(Policy.Retries policy, RetryBudget bucket) {}

    Service(Registry registry, ServiceCopy copy, long waitsUntil) {
        this.registry = registry;
        this.copy = copy;
        this.waitsUntil = waitsUntil;
    }

    /**
     * Its name.
     *
     * @return the name
     */
    public String name() {
        return copy.name();
    }

    /**
     * All instances, whatever their status and health.
     *
     * @return the instances in id order, unmodifiable
     * @throws NotKnownYetException if nothing is known
     */
    public List<Instance> instances() {
        awaitKnown();
        return copy.instances();
    }

    /**
     * The instances that may answer: those that are up and not failing, or all that are up where too few are healthy.
     *
     * @return the instances in id order, unmodifiable
     * @throws NotKnownYetException if nothing is known
     */
    public List<Instance> eligible() {
        awaitKnown();
        return copy.decider().eligible();
    }

    /**
     * Those of {@link #eligible()} that match a request, whatever the policy says.
     *
     * @param request version, tags and metadata that are asked for
     * @return the instances in id order, unmodifiable
     * @throws NotKnownYetException if nothing is known
     */
    public List<Instance> eligible(PickRequest request) {
        return eligible().stream()
                .filter(instance -> request.ask().selector().matches(instance))
                .toList();
    }

    /**
     * How old the copy is: zero while the registry's stream is alive.
     *
     * @return the age; empty where nothing is known
     */
    public Optional<Duration> age() {
        return copy.known() ? registry.age() : Optional.empty();
    }

    /**
     * How clients choose; {@link Policy#DEFAULT} where the service has no policy.
     *
     * @return the policy
     * @throws NotKnownYetException if nothing is known
     */
    public Policy policy() {
        awaitKnown();
        return copy.policy();
    }

    /**
     * Calls back when instances or the policy changed, one call at a time, on a thread of the client. Changes in quick
     * succession may share a call.
     *
     * @param callback is given this service
     * @return ends it when closed
     */
    public Subscription onChange(Consumer<Service> callback) {
        callbacks.add(callback);
        return () -> callbacks.remove(callback);
    }

    /**
     * Chooses any instance, as the policy says.
     *
     * @return the instance, for one call
     * @throws NotKnownYetException if nothing is known
     * @throws NoInstanceException if there is none
     */
    public Pick choose() {
        return choose(PickRequest.any());
    }

    /**
     * Chooses an instance, as the policy says.
     *
     * @param request what it has to be
     * @return the instance, for one call
     * @throws NotKnownYetException if nothing is known
     * @throws NoInstanceException if there is none
     */
    public Pick choose(PickRequest request) {
        awaitKnown();
        long now = registry.nanos();
        Decision decision = copy.decider().decide(request.ask(), now);
        if (decision.endpoint() == null) {
            throw new NoInstanceException(name(), decision.refusal());
        }
        if (registry.hooks().on()) {
            registry.hooks()
                    .emit(
                            "picked",
                            Map.of("service", name(), "id", decision.endpoint().id()));
        }
        return new Pick(
                this, decision, now, request.isTraced() ? copy.decider().explain(request.ask(), decision) : List.of());
    }

    private void awaitKnown() {
        if (copy.known()) {
            return;
        }
        try {
            copy.awaitKnown(Duration.ofNanos(Math.max(0, waitsUntil - registry.nanos())));
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
        if (!copy.known()) {
            throw new NotKnownYetException(name(), registry.reason());
        }
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

    RetryBudget retryBudget() {
        Policy.Retries retries = copy.policy().retries();
        Budget current = budget;
        if (current == null || !current.policy.equals(retries)) {
            current = new Budget(retries, new RetryBudget(retries));
            budget = current;
        }
        return current.bucket;
    }

    long nanos() {
        return registry.nanos();
    }

    void finished(Endpoint endpoint, Outcome outcome, long latency) {
        copy.decider().outcome(endpoint, outcome, latency, registry.nanos());
        registry.counted(name(), outcome != Outcome.SUCCESS, latency);
    }

    List<Consumer<Service>> callbacks() {
        return callbacks;
    }
}
