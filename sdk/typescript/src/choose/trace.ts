/**
 * What a decision was made of, for those who ask why.
 *
 * @module
 */

/** The trace of one choice, in the order in which it was made. */
export interface Trace {
  /** How many instances there are. */
  members: number;
  /** How many may answer. */
  eligible: number;
  /** How many of those match what was asked. */
  asked: number;
  /** The subset that was taken, and whether a rule or the weights decided. */
  subset?: { name: string; by: "rule" | "weight" };
  /** The priorities, nearest first: who is up, who of them is healthy, percent of the calls, and panic. */
  priorities: { name: string; total: number; healthy: number; load: number; panic: boolean }[];
  /** The name of the priority that answers. */
  priority?: string | undefined;
  /** Who was left for the balancer, in id order. */
  candidates: string[];
  /** The balancer, unless there was only one candidate. */
  balancer?: string;
  /** Who was picked, or why nobody was. */
  outcome: string;
}

/** A trace before the decision. */
export function emptyTrace(): Trace {
  return { members: 0, eligible: 0, asked: 0, priorities: [], candidates: [], outcome: "" };
}
