package registry.paste.client.traffic;

import java.util.Collection;
import registry.paste.client.model.Health;
import registry.paste.client.model.Instance;
import registry.paste.client.model.Status;

/** Which members may answer at all. */
public final class Eligibility {
    private Eligibility() {}

    /** Whether so few are healthy that all with status up are served. The registry says so with each list. */
    public static boolean isProtected(Collection<Instance> members, int protectThreshold) {
        long up =
                members.stream().filter(member -> member.status() == Status.UP).count();
        long healthy = members.stream().filter(Instance::healthy).count();
        return healthy < up && healthy * 100 < up * protectThreshold;
    }

    /** Whether a member may answer. */
    public static boolean isEligible(Instance member, boolean isProtected) {
        return member.status() == Status.UP && (isProtected || member.health() != Health.FAILING);
    }
}
