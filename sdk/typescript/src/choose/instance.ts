/**
 * An instance as the registry tells of it, and how one is read from an event.
 *
 * @module
 */

/** What an owner or an administrator wants of an instance. Only those that are `up` are chosen. */
export type Status = "up" | "starting" | "draining" | "down" | "maintenance";

/** What is known of an instance. Those that are `failing` are chosen only while their service is protected. */
export type Health = "passing" | "suspect" | "failing";

/** An instance of a service, as everybody sees it. */
export interface Instance {
  /** Its id within the service. */
  readonly id: string;
  /** An IP address or a host name. */
  readonly address: string;
  /** The main port. */
  readonly port: number;
  /** Further ports by name. */
  readonly ports?: Readonly<Record<string, number>>;
  /** What it speaks on `port`. */
  readonly protocol?: string;
  /** The semantic version of the running code. */
  readonly version?: string;
  /** Its share of traffic relative to its siblings, 0 to 10000. */
  readonly weight: number;
  /** The region it runs in. */
  readonly region?: string;
  /** The zone it runs in. */
  readonly zone?: string;
  /** Words to select by. */
  readonly tags?: readonly string[];
  /** Pairs to select by. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** The status that holds. */
  readonly status: Status;
  /** What is known of it. */
  readonly health: Health;
  /** The session that keeps it alive. */
  readonly session?: string;
  /** Whether it goes when its session ends. */
  readonly ephemeral?: boolean;
  /** The revision of its registration. */
  readonly revision?: number;
}

/**
 * The instance in `value`. What isn't known is passed over and kept.
 *
 * @throws TypeError if it lacks what choosing needs
 */
export function readInstance(value: unknown): Instance {
  const read = value as Instance | null;
  const whole =
    typeof read === "object" &&
    read !== null &&
    typeof read.id === "string" &&
    typeof read.address === "string" &&
    Number.isInteger(read.port) &&
    Number.isFinite(read.weight) &&
    read.weight >= 0 &&
    typeof read.status === "string" &&
    typeof read.health === "string";
  if (!whole) {
    throw new TypeError("an instance lacks its id, address, port, weight, status or health");
  }
  return read;
}

/** Whether an instance is up, failing or not. */
export function isUp(instance: Instance): boolean {
  return instance.status === "up";
}

/** Whether an instance may answer. In a protected service, all that are up may. */
export function isEligible(instance: Instance, isProtected: boolean): boolean {
  return isUp(instance) && (isProtected || instance.health !== "failing");
}

/**
 * Whether so few of those that are up are healthy that all of them are served. The registry says this with each list; it
 * is here for those who keep lists of their own.
 *
 * @param threshold - percent
 */
export function isProtected(instances: readonly Instance[], threshold: number): boolean {
  const up = instances.filter(isUp);
  const healthy = up.filter((instance) => instance.health !== "failing").length;
  return healthy * 100 < up.length * threshold && healthy < up.length;
}

/** `address:port`, IPv6 addresses in brackets. */
export function hostAndPort(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Orders ids by their bytes in UTF-8. */
export function compareIds(a: string, b: string): number {
  // UTF-16 has the same order but for characters beyond the basic plane, which sort behind all others in UTF-8.
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) {
      return isSurrogate(left) === isSurrogate(right) ? left - right : isSurrogate(left) ? 1 : -1;
    }
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
