package registry.paste.client.traffic;

/** A text that is no version range; its message says where and what was expected. */
public final class InvalidVersionRangeException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    /** What is wrong. */
    public enum Kind {
        /** The text breaks the grammar. */
        SYNTAX,
        /** A number is over 2^64 - 1. */
        NUMBER,
        /** The text, or its canonical form, is over 256 bytes. */
        LENGTH
    }

    private final Kind kind;
    private final int at;

    InvalidVersionRangeException(Kind kind, int at, String message) {
        super(message);
        this.kind = kind;
        this.at = at;
    }

    /** What is wrong. */
    public Kind kind() {
        return kind;
    }

    /** Where, in bytes from the beginning; -1 where the length is what is wrong. */
    public int at() {
        return at;
    }
}
