package registry.paste.client.wire;

/** Words for failures whose own message is null or says too little. */
public final class Failures {
    private Failures() {}

    /** {@code text}, cut where it would be longer than {@code bytes} in UTF-8; characters stay whole. */
    public static String cut(String text, int bytes) {
        int length = 0;
        int index = 0;
        while (index < text.length()) {
            int character = text.codePointAt(index);
            length += character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
            if (length > bytes) {
                return text.substring(0, index);
            }
            index += Character.charCount(character);
        }
        return text;
    }

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
