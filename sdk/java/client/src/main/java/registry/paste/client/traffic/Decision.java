package registry.paste.client.traffic;

/**
 * One endpoint, or why there is none.
 *
 * @param endpoint the endpoint, or null
 * @param refusal why there is none, or null
 * @param subset the subset that answers, or null for all
 * @param priority how near it is: {@code zone}, {@code region}, {@code failover:…} or {@code other}
 */
public record Decision(Endpoint endpoint, Refusal refusal, String subset, String priority) {
    static Decision refused(Refusal refusal) {
        return new Decision(null, refusal, null, null);
    }
}
