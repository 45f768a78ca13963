package registry.paste.client.wire;

/** Words for failures whose own message is null or says too little. */
public final class Failures {
    private Failures() {}

    /** What went wrong: the messages of the causes, the type where there is none. */
    public static String words(Throwable failure) {
        String message = failure.getMessage();
        if (message == null || message.isBlank()) {
            return failure.getCause() == null || failure.getCause() == failure
                    ? failure.getClass().getSimpleName()
                    : words(failure.getCause());
        }
        return message;
    }
}
