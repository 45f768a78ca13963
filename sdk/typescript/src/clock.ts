/**
 * The two clocks: the monotonic one for ages and decisions, wall time for what is written to disk.
 *
 * @module
 */

/** Tells the time. Tests hand in their own. */
export interface Clock {
  /** Whole nanoseconds of the monotonic clock. */
  now(): number;
  /** Milliseconds since 1970. */
  wallTime(): number;
}

/** The clocks of this machine. */
export const SYSTEM_CLOCK: Clock = {
  now: () => Math.round(performance.now() * 1e6),
  wallTime: () => Date.now(),
};
