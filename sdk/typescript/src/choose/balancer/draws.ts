/**
 * The balancers that draw: weighted random, and the better of two for least request.
 *
 * @module
 */
import { below, unit, type RandomSource } from "../random.js";

/** The two indices of a p2c draw. */
export class TwoIndices {
  first = 0;
  second = 0;

  /** Draws two different indices below `n`, which is at least 2. */
  draw(n: number, random: RandomSource): this {
    this.first = below(random, n);
    const other = below(random, n - 1);
    this.second = other >= this.first ? other + 1 : other;
    return this;
  }
}

/** An index; each as probable as its share of the weights. */
export function weightedRandom(weights: ArrayLike<number>, random: RandomSource): number {
  const n = weights.length;
  let total = 0;
  for (let index = 0; index < n; index += 1) {
    total += weights[index]!;
  }
  const x = unit(random) * total;
  let cumulative = 0;
  for (let index = 0; index < n; index += 1) {
    cumulative += weights[index]!;
    if (cumulative > x) {
      return index;
    }
  }
  return n - 1;
}

/** The same from whole weights whose running sums are known: those are exact, so that searching finds the same index. */
export function weightedRandomOf(cumulative: Float64Array, random: RandomSource): number {
  const n = cumulative.length;
  const x = unit(random) * cumulative[n - 1]!;
  let low = 0;
  let high = n - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (cumulative[middle]! > x) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

/** What a call costs least request. */
export function leastRequestCost(inFlight: number, weight: number): number {
  return (inFlight + 1) / weight;
}
