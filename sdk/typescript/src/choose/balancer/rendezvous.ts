/**
 * Rendezvous hashing: every candidate gets a score for the key, and the greatest wins; when a candidate goes, only its
 * keys move.
 *
 * @module
 */
import { U64 } from "../u64.js";
import { xxh64 } from "../xxh64.js";

const encoder = new TextEncoder();
const TWO_53 = 2 ** 53;

/**
 * The index of the winner among at least one candidate.
 *
 * @param keys - `address:port` of the candidates in UTF-8, in id order
 * @param weights - their weights, all above 0, without slow start
 */
export function rendezvous(keys: readonly Uint8Array[], weights: ArrayLike<number>, hashKey: string): number {
  const suffix = encoder.encode(`\0${hashKey}`);
  const equal = Array.prototype.every.call(weights, (weight: number) => weight === weights[0]);
  const longest = keys.reduce((length, key) => Math.max(length, key.length), 0);
  const buffer = new Uint8Array(longest + suffix.length);
  const hash = new U64();
  const bestHash = new U64();
  let bestScore = Number.NEGATIVE_INFINITY;
  let best = -1;
  for (const [index, key] of keys.entries()) {
    buffer.set(key);
    buffer.set(suffix, key.length);
    xxh64(buffer.subarray(0, key.length + suffix.length), undefined, hash);
    const value = equal ? 0 : score(weights[index]!, hash);
    const order =
      best < 0
        ? 1
        : value - bestScore || (equal ? compare(hash, bestHash) : 0) || Buffer.compare(key, keys[best]!);
    if (order > 0) {
      best = index;
      bestScore = value;
      bestHash.copy(hash);
    }
  }
  return best;
}

function score(weight: number, hash: U64): number {
  const logarithm = Math.log((hash.high * 2 ** 21 + (hash.low >>> 11) + 0.5) / TWO_53);
  return logarithm === 0 ? Number.POSITIVE_INFINITY : -weight / logarithm;
}

function compare(a: U64, b: U64): number {
  return a.high - b.high || a.low - b.low;
}
