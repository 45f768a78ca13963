/**
 * The retry budget of a service: retries stay a fraction of the calls, so that they don't bring down what is slow.
 *
 * @module
 */
import { SECOND } from "./duration.js";
import type { Policy } from "./policy.js";

const SLOTS = 10;

/**
 * A bucket in which each first try deposits 1 and from which each retry takes `100/budget`; both count for ten seconds. It
 * is counted in whole numbers, all of them times `budget`.
 */
export class RetryBudget {
  private readonly tries = new Float64Array(SLOTS);
  private readonly retries = new Float64Array(SLOTS);
  private slot = Number.NEGATIVE_INFINITY;

  constructor(public policy: Policy["retries"]) {}

  /** Notes a first try at `now`, in ns. */
  deposit(now: number): void {
    this.tries[this.index(now)]! += 1;
  }

  /** Takes what a retry at `now` costs; `false` if there isn't enough. */
  withdraw(now: number): boolean {
    const index = this.index(now);
    const { budget, minPerSecond } = this.policy;
    const balance = sum(this.tries) * budget + minPerSecond * SLOTS * 100 - sum(this.retries) * 100;
    const granted = balance >= 100;
    this.retries[index]! += granted ? 1 : 0;
    return granted;
  }

  /** The index of the slot of `now`; those that began since the last time are cleared. */
  private index(now: number): number {
    const slot = Math.floor(now / SECOND);
    for (let begun = Math.max(this.slot + 1, slot - SLOTS + 1); begun <= slot; begun += 1) {
      this.tries[begun % SLOTS] = 0;
      this.retries[begun % SLOTS] = 0;
    }
    this.slot = Math.max(this.slot, slot);
    return this.slot % SLOTS;
  }
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
