package registry.paste.client.traffic;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;
import registry.paste.client.model.Policy;

/** The members that a selector and a subset leave, by how near they are, and the plan that holds for now. */
final class Group {
    private final List<Priority> priorities;
    private volatile Plan plan;

    /** Members of one priority: how many are up, and those of them that are eligible. */
    private record Priority(String name, int total, Endpoint[] eligible) {}

    /** What is the same for all decisions until somebody is ejected or comes back. */
    record Plan(long version, long validUntil, Locality locality, Pool[] pools, String[] names, int panicPriority) {}

    Group(List<Endpoint> up, String zone, String region, List<String> failoverRegions) {
        TreeMap<Integer, List<Endpoint>> ranks = new TreeMap<>();
        for (Endpoint endpoint : up) {
            int rank = Locality.rank(endpoint.instance(), zone, region, failoverRegions);
            ranks.computeIfAbsent(rank, unused -> new ArrayList<>()).add(endpoint);
        }
        priorities = new ArrayList<>();
        ranks.forEach((rank, members) -> priorities.add(new Priority(
                Locality.name(rank, failoverRegions),
                members.size(),
                members.stream().filter(Endpoint::eligible).toArray(Endpoint[]::new))));
    }

    /**
     * The plan that holds.
     *
     * @param version that of the ejections
     * @param slowStart what slows the candidates now, or null
     * @param slowStartChange when that will be different
     */
    Plan plan(long now, long version, Policy.Locality policy, SlowStart slowStart, long slowStartChange) {
        Plan current = plan;
        if (current == null || current.version != version || now >= current.validUntil) {
            current = make(now, version, policy, slowStart, slowStartChange);
            plan = current;
        }
        return current;
    }

    private Plan make(long now, long version, Policy.Locality policy, SlowStart slowStart, long slowStartChange) {
        int count = priorities.size();
        long validUntil = slowStartChange;
        Endpoint[][] healthy = new Endpoint[count][];
        for (int index = 0; index < count; index++) {
            List<Endpoint> well = new ArrayList<>();
            for (Endpoint endpoint : priorities.get(index).eligible) {
                if (endpoint.ejected(now)) {
                    validUntil = Math.min(validUntil, endpoint.ejectedUntil);
                } else {
                    well.add(endpoint);
                }
            }
            healthy[index] = well.toArray(new Endpoint[0]);
        }
        Locality locality = Locality.of(
                Stream.of(healthy).mapToInt(well -> well.length).toArray(),
                priorities.stream().mapToInt(Priority::total).toArray(),
                policy.overprovision(),
                policy.panicThreshold());
        Pool[] pools = new Pool[count];
        int panicPriority = -1;
        for (int index = 0; index < count; index++) {
            Endpoint[] eligible = priorities.get(index).eligible;
            boolean all = locality.panic(index) || locality.load(index) == 0;
            Endpoint[] candidates = all ? eligible : healthy[index];
            pools[index] = candidates.length == 0 ? null : Pool.of(candidates, slowStart);
            if (panicPriority < 0 && eligible.length > 0 && policy.panicThreshold() > 0) {
                panicPriority = index;
            }
        }
        String[] names = priorities.stream().map(Priority::name).toArray(String[]::new);
        return new Plan(version, validUntil, locality, pools, names, panicPriority);
    }
}
