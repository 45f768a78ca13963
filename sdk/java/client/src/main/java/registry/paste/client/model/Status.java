package registry.paste.client.model;

import java.util.Locale;

/** What an instance's owner, or an administrator, wants of it. */
public enum Status {
    /** It takes requests. */
    UP,
    /** It isn't ready yet. */
    STARTING,
    /** It finishes what it has and takes nothing new. */
    DRAINING,
    /** It takes nothing. */
    DOWN,
    /** It is being worked on. */
    MAINTENANCE;

    /**
     * The word of the wire.
     *
     * @return the name in lower case
     */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The status for a word of the wire.
     *
     * @param word such as {@code up}
     * @return the status; {@link #DOWN} for a word that this version doesn't know, so that nothing is sent there
     */
    public static Status of(String word) {
        for (Status status : values()) {
            if (status.word().equals(word)) {
                return status;
            }
        }
        return DOWN;
    }
}
