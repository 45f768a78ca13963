/**
 * The members of a service, or of a subset of it, by how near they are to the caller.
 *
 * @module
 */
import { Candidates } from "./candidates.js";
import type { Endpoint } from "./endpoint.js";
import { isUp } from "./instance.js";
import { localityLoads } from "./locality.js";
import type { Policy } from "./policy.js";
import { below, type RandomSource } from "./random.js";

/** Where a caller runs. */
export interface Place {
  readonly zone: string | undefined;
  readonly region: string | undefined;
}

/** One priority: members at the same distance. */
export interface Priority {
  /** `zone`, `region`, `failover:` and a region, or `other`. */
  readonly name: string;
  readonly total: number;
  readonly healthy: number;
  /** Percent of the calls. */
  readonly load: number;
  readonly panic: boolean;
  readonly candidates: Candidates;
}

/** The priority that answers a call. */
export type Drawn = Pick<Priority, "name" | "candidates">;

interface Group {
  readonly name: string;
  readonly takes: (endpoint: Endpoint) => boolean;
  readonly up: Endpoint[];
  readonly eligible: Endpoint[];
}

/** Those who match what is asked, shared out over priorities as it stands at one time. */
export class Pool {
  readonly priorities: readonly Priority[];
  /** The first priority that has somebody, where nobody is healthy. */
  private readonly lastResort: Drawn | undefined;
  private readonly sharing: number;

  constructor(
    members: readonly Endpoint[],
    eligible: ReadonlySet<Endpoint>,
    place: Place,
    policy: Policy,
    now: number,
  ) {
    const groups = grouped(members, eligible, place, policy);
    const healthy = groups.map((group) => group.eligible.filter((endpoint) => !endpoint.isEjected(now)));
    const counts = groups.map(({ up }, index) => ({ total: up.length, healthy: healthy[index]!.length }));
    const { overprovision, panicThreshold } = policy.locality;
    this.priorities = localityLoads(counts, overprovision, panicThreshold).map((load, index) => ({
      name: groups[index]!.name,
      ...counts[index]!,
      ...load,
      candidates: new Candidates(load.panic ? groups[index]!.eligible : healthy[index]!),
    }));
    this.sharing = this.priorities.filter(({ load }) => load > 0).length;
    const last = panicThreshold > 0 ? groups.find((group) => group.eligible.length > 0) : undefined;
    this.lastResort = last && { name: last.name, candidates: new Candidates(last.eligible) };
  }

  /** The priority of one call; `undefined` if all are ejected and panic is switched off. */
  draw(random: RandomSource): Drawn | undefined {
    if (this.sharing === 0) {
      return this.lastResort;
    }
    const x = this.sharing > 1 ? below(random, 100) : 0;
    return drawPriority(this.priorities, x);
  }
}

/** The first priority whose cumulative load exceeds `x`. */
export function drawPriority<T extends { readonly load: number }>(priorities: readonly T[], x: number): T {
  let cumulative = 0;
  for (const priority of priorities) {
    cumulative += priority.load;
    if (cumulative > x) {
      return priority;
    }
  }
  return priorities.at(-1)!;
}

function grouped(
  members: readonly Endpoint[],
  eligible: ReadonlySet<Endpoint>,
  place: Place,
  policy: Policy,
): Group[] {
  const groups = priorities(place, policy);
  for (const endpoint of members) {
    if (!isUp(endpoint.instance)) {
      continue;
    }
    const group = groups.find(({ takes }) => takes(endpoint))!;
    group.up.push(endpoint);
    if (eligible.has(endpoint)) {
      group.eligible.push(endpoint);
    }
  }
  return groups.filter(({ up }) => up.length > 0);
}

function priorities({ zone, region }: Place, policy: Policy): Group[] {
  const groups: Group[] = [];
  const add = (name: string, takes: Group["takes"]): void => {
    groups.push({ name, takes, up: [], eligible: [] });
  };
  if (zone !== undefined) {
    add("zone", ({ instance }) => {
      const elsewhere = region !== undefined && instance.region !== undefined && instance.region !== region;
      return instance.zone === zone && !elsewhere;
    });
  }
  if (region !== undefined) {
    add("region", ({ instance }) => instance.region === region);
  }
  for (const name of policy.locality.failoverRegions) {
    add(`failover:${name}`, ({ instance }) => instance.region === name);
  }
  add("other", () => true);
  return groups;
}
