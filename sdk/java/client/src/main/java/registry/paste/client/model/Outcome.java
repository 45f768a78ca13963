package registry.paste.client.model;

/** How a call ended. */
public enum Outcome {
    /** It was answered. */
    SUCCESS,
    /** The connection failed, the time was up, or the server answered with an error of its own (5xx). */
    FAILURE,
    /** It was refused for being too many (429): as costly as a failure, but no sign that the instance is broken. */
    OVERLOADED
}
