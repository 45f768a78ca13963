package registry.paste.client.traffic;

import java.util.List;
import java.util.Objects;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import registry.paste.client.model.Instance;

/** The shares of the priorities, in percent, and which of them are in panic. */
public final class Locality {
    private final int[] loads;
    private final boolean[] panic;

    private Locality(int[] loads, boolean[] panic) {
        this.loads = loads;
        this.panic = panic;
    }

    /** The share of a priority, in percent. */
    public int load(int priority) {
        return loads[priority];
    }

    /** Whether so few of a priority are healthy, and of all together, that ejections are passed over. */
    public boolean panic(int priority) {
        return panic[priority];
    }

    /** The shares of priorities of which so many are healthy, of so many in all; all 0 where nobody is healthy. */
    public static Locality of(int[] healthy, int[] total, int overprovision, int panicThreshold) {
        int[] health = IntStream.range(0, total.length)
                .map(index -> (int) Math.min(100, (long) overprovision * healthy[index] / total[index]))
                .toArray();
        int norm = Math.min(100, IntStream.of(health).sum());
        int[] loads = new int[total.length];
        boolean[] panic = new boolean[total.length];
        int left = norm == 0 ? 0 : 100;
        int firstHealthy = -1;
        for (int index = 0; index < loads.length; index++) {
            panic[index] = norm < 100 && healthy[index] * 100L < (long) panicThreshold * total[index];
            loads[index] = norm == 0 ? 0 : Math.min(left, health[index] * 100 / norm);
            left -= loads[index];
            if (firstHealthy < 0 && health[index] > 0) {
                firstHealthy = index;
            }
        }
        if (firstHealthy >= 0) {
            loads[firstHealthy] += left;
        }
        return new Locality(loads, panic);
    }

    /** The priority that takes a request; -1 where all loads are 0. Draws only where there is a choice. */
    public int draw(LongSupplier random) {
        int only = -1;
        boolean several = false;
        for (int index = 0; index < loads.length; index++) {
            if (loads[index] > 0) {
                several |= only >= 0;
                only = index;
            }
        }
        if (!several) {
            return only;
        }
        long x = Unsigned.mulhi(random.getAsLong(), 100);
        int index = 0;
        for (int cumulative = loads[0]; cumulative <= x; cumulative += loads[index]) {
            index++;
        }
        return index;
    }

    /** How near a member is: 0 in the caller's zone, 1 in its region, then by failover region, then the rest. */
    static int rank(Instance member, String zone, String region, List<String> failoverRegions) {
        boolean regionsAgree = region == null || member.region() == null || region.equals(member.region());
        if (zone != null && zone.equals(member.zone()) && regionsAgree) {
            return 0;
        }
        if (region != null && Objects.equals(member.region(), region)) {
            return 1;
        }
        int failover = member.region() == null ? -1 : failoverRegions.indexOf(member.region());
        return 2 + (failover >= 0 ? failover : failoverRegions.size());
    }

    /** What traces call a rank. */
    static String name(int rank, List<String> failoverRegions) {
        return switch (rank) {
            case 0 -> "zone";
            case 1 -> "region";
            default -> rank - 2 < failoverRegions.size() ? "failover:" + failoverRegions.get(rank - 2) : "other";
        };
    }
}
