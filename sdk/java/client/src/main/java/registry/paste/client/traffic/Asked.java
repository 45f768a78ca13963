package registry.paste.client.traffic;

import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;
import registry.paste.client.model.Policy;

/** The members that a selector leaves, and of them those of each subset. Derived once, then shared by all decisions. */
final class Asked {
    private final Subsets subsets;
    private final boolean[] populated;
    /** The last is the whole. Filled when first needed; two threads that do so at a time make the same. */
    private final Group[] groups;

    private final List<Endpoint> up;
    private final boolean eligible;
    private final String zone;
    private final String region;
    private final Policy policy;

    Asked(Selector selector, Endpoint[] endpoints, Subsets subsets, Policy policy, String zone, String region) {
        this.subsets = subsets;
        this.policy = policy;
        this.zone = zone;
        this.region = region;
        this.up = Arrays.stream(endpoints)
                .filter(endpoint -> endpoint.up() && selector.matches(endpoint))
                .toList();
        this.eligible = up.stream().anyMatch(Endpoint::eligible);
        this.populated = new boolean[subsets.count()];
        for (int index = 0; index < populated.length; index++) {
            Selector subset = subsets.selector(index);
            populated[index] = up.stream().anyMatch(endpoint -> endpoint.eligible() && subset.matches(endpoint));
        }
        this.groups = new Group[populated.length + 1];
    }

    boolean hasEligible() {
        return eligible;
    }

    long eligibleCount() {
        return up.stream().filter(Endpoint::eligible).count();
    }

    /** The index of the subset that answers, -1 for the whole. */
    int subset(Ask ask, LongSupplier random) {
        return populated.length == 0 ? -1 : subsets.choose(ask, populated, random);
    }

    Group group(int subset) {
        int index = subset < 0 ? populated.length : subset;
        Group group = groups[index];
        if (group == null) {
            List<Endpoint> members = subset < 0
                    ? up
                    : up.stream().filter(subsets.selector(subset)::matches).toList();
            group = new Group(members, zone, region, policy.locality().failoverRegions());
            groups[index] = group;
        }
        return group;
    }
}
