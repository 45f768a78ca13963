package registry.paste.client.json;

/** A text that is not JSON, or JSON that is not what was expected. */
public final class JsonException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /**
     * Says what is wrong.
     *
     * @param message what was expected and what was found
     */
    public JsonException(String message) {
        super(message);
    }

    /**
     * Says what is wrong, and why.
     *
     * @param message what was expected and what was found
     * @param cause what was thrown on the way
     */
    public JsonException(String message, Throwable cause) {
        super(message, cause);
    }
}
