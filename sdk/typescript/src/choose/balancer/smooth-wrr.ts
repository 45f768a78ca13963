/**
 * Smooth weighted round robin: the turns of the heavy ones are spread out.
 *
 * @module
 */

/** What a round needs of a candidate. */
export interface Turn {
  current: number;
}

/** The index whose turn it is among at least one candidate. */
export function smoothWeightedRoundRobin(candidates: readonly Turn[], weights: ArrayLike<number>): number {
  let best = 0;
  let total = 0;
  for (let index = 0; index < candidates.length; index += 1) {
    const weight = weights[index]!;
    total += weight;
    candidates[index]!.current += weight;
    if (candidates[index]!.current > candidates[best]!.current) {
      best = index;
    }
  }
  candidates[best]!.current -= total;
  return best;
}
