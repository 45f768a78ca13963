package registry.paste.client.model;

import java.util.Locale;

/** What is known of an instance. */
public enum Health {
    /** All is well. */
    PASSING,
    /** Its last heartbeat is late, or a check failed; not enough to judge it. */
    SUSPECT,
    /** It is taken for broken. */
    FAILING;

    /**
     * The word of the wire.
     *
     * @return the name in lower case
     */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The health for a word of the wire.
     *
     * @param word such as {@code passing}
     * @return the health; {@link #SUSPECT} for a word that this version doesn't know
     */
    public static Health of(String word) {
        for (Health health : values()) {
            if (health.word().equals(word)) {
                return health;
            }
        }
        return SUSPECT;
    }
}
