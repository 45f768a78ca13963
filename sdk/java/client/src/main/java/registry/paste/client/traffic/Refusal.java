package registry.paste.client.traffic;

/** Why there is no instance. */
public enum Refusal {
    /** The service has none. */
    NO_INSTANCES("no instances"),
    /** None of them is up and healthy. */
    NONE_ELIGIBLE("none eligible"),
    /** None of those matches what was asked. */
    NONE_MATCH("none match"),
    /** All of those are ejected, and the policy has no panic threshold. */
    ALL_EJECTED("all ejected");

    private final String words;

    Refusal(String words) {
        this.words = words;
    }

    /** Why, in two words. */
    public String words() {
        return words;
    }
}
