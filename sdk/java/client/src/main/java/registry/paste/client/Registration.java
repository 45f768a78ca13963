package registry.paste.client;

import java.time.Duration;
import registry.paste.client.model.Status;
import registry.paste.client.session.Entry;
import registry.paste.client.wire.Answer;

/** An instance that this process registered. It is registered anew whenever the registry forgot it, until it is closed. */
public final class Registration implements AutoCloseable {
    private final Registry registry;
    private final Entry entry;

    Registration(Registry registry, Entry entry) {
        this.registry = registry;
        this.entry = entry;
    }

    /**
     * The service.
     *
     * @return its name
     */
    public String service() {
        return entry.service();
    }

    /**
     * The id of the instance within the service.
     *
     * @return the id
     */
    public String id() {
        return entry.id();
    }

    /**
     * Whether the registry has taken it, and hasn't forgotten it since as far as is known.
     *
     * @return whether it is there
     */
    public boolean isRegistered() {
        return entry.there();
    }

    /**
     * Waits until the registry has taken it.
     *
     * @param limit how long at most
     * @return whether it has
     * @throws RegistrationRefusedException if the registry refuses it, and will again
     * @throws InterruptedException if the thread was interrupted
     */
    public boolean await(Duration limit) throws InterruptedException {
        entry.awaitSettled(limit);
        Answer refusal = entry.refusal();
        if (refusal != null) {
            throw new RegistrationRefusedException(service(), refusal.status(), refusal.code(), refusal.detail());
        }
        return entry.there();
    }

    /**
     * Says another status, such as {@link Status#MAINTENANCE}; returns at once.
     *
     * @param status the status from now on
     */
    public void status(Status status) {
        registry.registrar().status(entry, status.word());
    }

    /** Drains it, waits for the drain delay, and removes it. Others of this process stay. */
    @Override
    public void close() {
        registry.remove(entry);
    }
}
