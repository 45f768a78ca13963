/**
 * The buckets in which latencies are counted for the registry.
 *
 * @module
 */

/** How many there are. */
export const BUCKETS = 40;

/** The greatest latency of each bucket, in ns; that of the last is no limit. */
export const BOUNDS: readonly number[] = Array.from({ length: BUCKETS }, (_, index) =>
  Math.floor(100_000 * 2 ** (index / 2)),
);

/** The bucket of a latency in ns. */
export function latencyBucket(latency: number): number {
  const found = BOUNDS.findIndex((bound) => latency <= bound);
  return found < 0 ? BUCKETS - 1 : found;
}
