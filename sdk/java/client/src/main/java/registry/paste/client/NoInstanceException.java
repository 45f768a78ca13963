package registry.paste.client;

import registry.paste.client.traffic.Refusal;

/** A service is known, and has no instance for what was asked. */
public final class NoInstanceException extends RegistryException {
    private static final long serialVersionUID = 1;

    private final Reason reason;

    /** Why there is none. */
    public enum Reason {
        /** The service has no instances: nobody is registered. */
        NO_INSTANCES,
        /** None of its instances is up and healthy. */
        NONE_ELIGIBLE,
        /** None of those that may answer matches the version, tags or metadata that were asked for. */
        NONE_MATCH,
        /** All of those failed lately, and the policy says not to use them then. */
        ALL_EJECTED
    }

    NoInstanceException(String service, Refusal refusal) {
        super("no instance of " + service + " can be chosen: " + refusal.words());
        this.reason = Reason.valueOf(refusal.name());
    }

    /**
     * Why there is none.
     *
     * @return the reason
     */
    public Reason reason() {
        return reason;
    }
}
