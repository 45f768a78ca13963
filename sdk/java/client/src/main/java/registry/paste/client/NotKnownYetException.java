package registry.paste.client;

/**
 * Nothing is known of a service or a configuration item: the registry hasn't answered since the start, and nothing was on
 * disk. Try again later; the message says what keeps the registry from answering.
 */
public final class NotKnownYetException extends RegistryException {
    private static final long serialVersionUID = 1;

    private final String reason;

    NotKnownYetException(String name, String reason) {
        super(name + " is not known yet: " + reason);
        this.reason = reason;
    }

    /**
     * What keeps the registry from answering.
     *
     * @return words for a person
     */
    public String reason() {
        return reason;
    }
}
