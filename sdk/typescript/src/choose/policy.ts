/**
 * The policy of a service as choosing uses it: everything filled in, durations in nanoseconds, ranges parsed.
 *
 * @module
 */
import { parseDuration } from "./duration.js";
import { VersionRange } from "./version/range.js";

/** How the instance is picked from the candidates. */
export type BalancerKind =
  "weighted_random" | "smooth_wrr" | "least_request" | "peak_ewma" | "ring_hash" | "rendezvous";

/** What an instance must be like to be in a subset, or to be asked for. */
export interface Selector {
  /** The range that its version is in. */
  readonly version?: VersionRange | undefined;
  /** Tags that it has, all of them. */
  readonly tags: readonly string[];
  /** Pairs that it has, all of them. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** A part of a service's instances that can be given a share of the traffic. */
export interface Subset extends Selector {
  /** What rules call it. */
  readonly name: string;
  /** Its share relative to the other subsets; 0 is for rules alone. */
  readonly weight: number;
}

/** Sends calls that look like it to a subset. */
export interface Rule {
  /** Headers and the exact values that a call must have; names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** A share of the users, told apart by a header. */
  readonly users?: { readonly header: string; readonly percent: number } | undefined;
  /** Zones of callers; empty for all. */
  readonly zones: readonly string[];
  /** Regions of callers; empty for all. */
  readonly regions: readonly string[];
  /** Where such calls go. */
  readonly subset: string;
}

/** Everything that a service's owner says about how it is called. Durations are nanoseconds; 0 switches a limit off. */
export interface Policy {
  /** How the instance is picked from the candidates. */
  readonly balancer: {
    readonly kind: BalancerKind;
    /** Peak EWMA: the time in which a latency is forgotten but for its e-th part. */
    readonly decay: number;
    /** Hashing: the header whose value is the key, in lower case. */
    readonly hashHeader: string | undefined;
    /** Ring hash: the least entries on the ring. */
    readonly ringSize: number;
  };
  /** Parts of the instances, in the order in which they are drawn. */
  readonly subsets: readonly Subset[];
  /** The first that applies decides. */
  readonly rules: readonly Rule[];
  /** How far calls go when what is near isn't healthy. */
  readonly locality: {
    /** Where calls go after the caller's own region, in this order. */
    readonly failoverRegions: readonly string[];
    /** Percent; at 140, a priority is full while 5 of 7 are healthy. */
    readonly overprovision: number;
    /** Percent of healthy instances below which health is not looked at. */
    readonly panicThreshold: number;
  };
  /** When instances whose calls fail are left out. */
  readonly outlierDetection: {
    /** Failures in a row. */
    readonly consecutiveFailures: number;
    /** Percent of the calls of an interval that fail. */
    readonly failurePercentage: number;
    /** Calls that an interval must have for that. */
    readonly failurePercentageRequests: number;
    /** Instances that must have so many calls. */
    readonly failurePercentageHosts: number;
    readonly interval: number;
    /** How long the first ejection lasts; the second lasts twice as long, and so on. */
    readonly baseEjection: number;
    readonly maxEjection: number;
    /** Percent of the instances that may be out at a time. */
    readonly maxEjected: number;
  };
  /** What is sent again. */
  readonly retries: {
    /** Tries after the first. */
    readonly max: number;
    /** Answers that are tried again. */
    readonly statuses: readonly number[];
    /** Percent of the calls of the last 10 s that may be retries. */
    readonly budget: number;
    /** Retries in a second that are always allowed. */
    readonly minPerSecond: number;
    readonly backoffBase: number;
    readonly backoffMax: number;
  };
  /** Limits of opening a connection, of one try, and of all of a call. */
  readonly timeouts: { readonly connect: number; readonly perTry: number; readonly request: number };
  /** How instances that join or come back get their share. `minWeight` is percent. */
  readonly slowStart: { readonly window: number; readonly aggression: number; readonly minWeight: number };
}

/** Balancers of the gateway that this SDK doesn't have, and which it takes for them. */
const IN_PLACE_OF: Readonly<Record<string, BalancerKind>> = {
  maglev: "rendezvous",
  static_stride: "smooth_wrr",
};
const KINDS: ReadonlySet<string> = new Set<BalancerKind>([
  "weighted_random",
  "smooth_wrr",
  "least_request",
  "peak_ewma",
  "ring_hash",
  "rendezvous",
]);

/**
 * The policy in the body of `PUT /api/v1/policies/{service}`. What is left out has its default, and a balancer of a newer
 * registry is taken for the default one.
 *
 * @throws TypeError or {@link InvalidVersionRangeError} if it can't be read
 */
export function readPolicy(body: unknown): Policy {
  const read = new Fields(body ?? {});
  return {
    balancer: readBalancer(read.section("balancer")),
    subsets: read.list("subsets", readSubset),
    rules: read.list("rules", readRule),
    locality: readLocality(read.section("locality")),
    outlierDetection: readOutlierDetection(read.section("outlier_detection")),
    retries: readRetries(read.section("retries")),
    timeouts: readTimeouts(read.section("timeouts")),
    slowStart: readSlowStart(read.section("slow_start")),
  };
}

function readBalancer(read: Fields): Policy["balancer"] {
  const named = read.text("kind") ?? "peak_ewma";
  const kind = IN_PLACE_OF[named] ?? (KINDS.has(named) ? (named as BalancerKind) : "peak_ewma");
  return {
    kind,
    decay: read.duration("decay", "10s"),
    hashHeader: read.text("hash_header")?.toLowerCase(),
    ringSize: read.number("ring_size", 1024),
  };
}

function readSubset(read: Fields): Subset {
  const version = read.text("version");
  return {
    name: read.text("name") ?? "",
    version: version === undefined ? undefined : VersionRange.parse(version),
    tags: read.texts("tags"),
    metadata: Object.fromEntries(read.pairs("metadata")),
    weight: read.number("weight", 0),
  };
}

function readRule(read: Fields): Rule {
  const users = read.section("users");
  const header = users.text("header");
  return {
    headers: new Map(read.pairs("headers").map(([name, value]) => [name.toLowerCase(), value])),
    users: header === undefined ? undefined : { header, percent: users.number("percent", 0) },
    zones: read.texts("zones"),
    regions: read.texts("regions"),
    subset: read.text("subset") ?? "",
  };
}

function readLocality(read: Fields): Policy["locality"] {
  return {
    failoverRegions: read.texts("failover_regions"),
    overprovision: read.number("overprovision", 140),
    panicThreshold: read.limit("panic_threshold", 50),
  };
}

function readOutlierDetection(read: Fields): Policy["outlierDetection"] {
  return {
    consecutiveFailures: read.limit("consecutive_failures", 5),
    failurePercentage: read.limit("failure_percentage", 60),
    failurePercentageRequests: read.number("failure_percentage_requests", 20),
    failurePercentageHosts: read.number("failure_percentage_hosts", 2),
    interval: read.duration("interval", "10s"),
    baseEjection: read.duration("base_ejection", "30s"),
    maxEjection: read.duration("max_ejection", "300s"),
    maxEjected: read.limit("max_ejected", 30),
  };
}

function readRetries(read: Fields): Policy["retries"] {
  return {
    max: read.limit("max", 2),
    statuses: read.numbers("statuses", [502, 503, 504]),
    budget: read.number("budget", 20),
    minPerSecond: read.number("min_per_second", 10),
    backoffBase: read.duration("backoff_base", "25ms"),
    backoffMax: read.duration("backoff_max", "250ms"),
  };
}

function readTimeouts(read: Fields): Policy["timeouts"] {
  return {
    connect: read.duration("connect", "1s"),
    perTry: read.duration("per_try", "0s"),
    request: read.duration("request", "15s"),
  };
}

function readSlowStart(read: Fields): Policy["slowStart"] {
  return {
    window: read.duration("window", "0s"),
    aggression: read.number("aggression", 1),
    minWeight: read.number("min_weight", 10),
  };
}

/** The fields of an object from outside; `null` is what isn't there. */
class Fields {
  private readonly values: Readonly<Record<string, unknown>>;

  constructor(
    value: unknown,
    private readonly path = "",
  ) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new TypeError(`policy: ${path || "it"} must be an object`);
    }
    this.values = value as Record<string, unknown>;
  }

  private get<T>(name: string, kind: string, is: (value: unknown) => value is T): T | undefined {
    const value = this.values[name] ?? undefined;
    if (value !== undefined && !is(value)) {
      throw new TypeError(`policy: ${this.path}${name} must be ${kind}`);
    }
    return value;
  }

  section(name: string): Fields {
    return new Fields(this.values[name] ?? {}, `${this.path}${name}.`);
  }

  text(name: string): string | undefined {
    return this.get(name, "a string", isText);
  }

  number(name: string, otherwise: number): number {
    return this.get(name, "a number", isNumber) ?? otherwise;
  }

  /** A number for which `null` is 0. */
  limit(name: string, otherwise: number): number {
    return this.values[name] === null ? 0 : this.number(name, otherwise);
  }

  /** Nanoseconds; 0 for `null`. */
  duration(name: string, otherwise: string): number {
    return this.values[name] === null ? 0 : parseDuration(this.text(name) ?? otherwise);
  }

  texts(name: string): readonly string[] {
    return this.get(name, "a list of strings", isListOf(isText)) ?? [];
  }

  numbers(name: string, otherwise: readonly number[]): readonly number[] {
    return this.get(name, "a list of numbers", isListOf(isNumber)) ?? otherwise;
  }

  list<T>(name: string, read: (fields: Fields) => T): readonly T[] {
    const values = this.get(name, "a list", isListOf(isAnything)) ?? [];
    return values.map((value, index) => read(new Fields(value, `${this.path}${name}[${index}].`)));
  }

  pairs(name: string): [string, string][] {
    const { values } = this.section(name);
    return Object.entries(values).map(([key, value]) => {
      if (!isText(value)) {
        throw new TypeError(`policy: ${this.path}${name}.${key} must be a string`);
      }
      return [key, value];
    });
  }
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isAnything(value: unknown): value is unknown {
  return value !== undefined;
}

function isListOf<T>(is: (value: unknown) => value is T): (value: unknown) => value is T[] {
  return (value): value is T[] => Array.isArray(value) && value.every(is);
}

/** What holds for a service without a policy. */
export const DEFAULT_POLICY: Policy = readPolicy({});
