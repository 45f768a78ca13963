/**
 * Slow start: an endpoint that joined or came back gets its share step by step.
 *
 * @module
 */
import { SECOND } from "./duration.js";
import type { Policy } from "./policy.js";

/** The factor on the weight of an endpoint that joined `elapsed` ns ago. */
export function slowStartFactor(elapsed: number, policy: Policy["slowStart"]): number {
  if (elapsed >= policy.window) {
    return 1;
  }
  const share = Math.max(elapsed / SECOND, 1) / (policy.window / SECOND);
  return Math.max(policy.minWeight / 100, share ** (1 / policy.aggression));
}
