package registry.paste.client;

/** What the client can't do for you; each subclass is one thing that a caller can react to. */
public abstract class RegistryException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /**
     * Says what can't be done.
     *
     * @param message what, and what to do
     */
    protected RegistryException(String message) {
        super(message);
    }
}
