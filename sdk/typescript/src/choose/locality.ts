/**
 * How traffic is shared out between the caller's zone, its region and those further away, as nearer ones fail.
 *
 * @module
 */

/** The members of one priority, by number. */
export interface PriorityCount {
  /** Those that are up. */
  readonly total: number;
  /** Those of them that are eligible and not ejected. */
  readonly healthy: number;
}

/** What a priority gets. */
export interface PriorityLoad {
  /** Percent of the traffic. */
  readonly load: number;
  /** Whether so few of its members are healthy that all that are eligible are used. */
  readonly panic: boolean;
}

/** The loads of priorities, the nearest first. They add up to 100, or are all 0 when nobody is healthy. */
export function localityLoads(
  priorities: readonly PriorityCount[],
  overprovision: number,
  panicThreshold: number,
): PriorityLoad[] {
  const health = priorities.map(({ healthy, total }) =>
    Math.min(100, Math.floor((overprovision * healthy) / total)),
  );
  const norm = Math.min(
    100,
    health.reduce((sum, one) => sum + one, 0),
  );
  const loads = norm === 0 ? health.map(() => 0) : share(health, norm);
  return priorities.map(({ healthy, total }, index) => ({
    load: loads[index]!,
    panic: norm < 100 && healthy * 100 < panicThreshold * total,
  }));
}

function share(health: readonly number[], norm: number): number[] {
  let left = 100;
  const loads = health.map((one) => {
    const load = Math.min(left, Math.floor((one * 100) / norm));
    left -= load;
    return load;
  });
  const first = health.findIndex((one) => one > 0);
  loads[first]! += left;
  return loads;
}
