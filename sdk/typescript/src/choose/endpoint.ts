/**
 * What a process knows of an instance from its own calls.
 *
 * @module
 */
import { hostAndPort, type Instance } from "./instance.js";

/** An instance and the state that choosing keeps for it. Times are nanoseconds of the monotonic clock. */
export class Endpoint {
  /** `address:port`, what hashing balancers hash. */
  readonly key: string;
  /** Calls that are under way. */
  inFlight = 0;

  /** Peak EWMA: what a call costs, in ns; `NaN` before the first use. */
  cost = Number.NaN;
  /** Peak EWMA: when `cost` held. */
  stamp = 0;
  /** Peak EWMA: whether `cost` comes from calls. */
  observed = false;

  /** Smooth weighted round robin: its credit. */
  current = 0;

  /** Outlier detection: failures since the last success. */
  consecutive = 0;
  /** Outlier detection: outcomes in this interval. */
  outcomes = 0;
  /** Outlier detection: failures in this interval. */
  failures = 0;
  /** Outlier detection: how often it was ejected lately. */
  times = 0;
  /** Outlier detection: when its last ejection ends or ended; `-Infinity` if there was none. */
  ejectedUntil = Number.NEGATIVE_INFINITY;

  /** Slow start: when it joined or came back; `-Infinity` for those that were there from the start. */
  joined = Number.NEGATIVE_INFINITY;

  constructor(public instance: Instance) {
    this.key = hostAndPort(instance.address, instance.port);
  }

  /** Whether outlier detection keeps it out at `now`. */
  isEjected(now: number): boolean {
    return this.ejectedUntil > now;
  }
}
