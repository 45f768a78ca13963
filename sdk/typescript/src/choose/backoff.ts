/**
 * How long to wait before trying again: a random time, so that many who failed together don't come back together.
 *
 * @module
 */
import { SECOND } from "./duration.js";
import type { Policy } from "./policy.js";
import { below, type RandomSource } from "./random.js";

const RECONNECT_BASE = 0.5 * SECOND;
const RECONNECT_MAX = 30 * SECOND;

/** The wait before retry `n` of a call, from 0, in ns. */
export function retryBackoff(n: number, policy: Policy["retries"], random: RandomSource): number {
  return below(random, Math.min(policy.backoffMax, policy.backoffBase * 2 ** n) + 1);
}

/** The wait after failure `n` of the registry, from 0, in ns. */
export function reconnectBackoff(n: number, random: RandomSource): number {
  return below(random, Math.min(RECONNECT_MAX, RECONNECT_BASE * 2 ** n));
}
