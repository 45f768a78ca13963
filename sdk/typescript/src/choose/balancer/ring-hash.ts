/**
 * Ring hash: each candidate stands on a ring of hashes as often as its weight says; a key goes to the next one on it.
 *
 * @module
 */
import { U64 } from "../u64.js";
import { xxh64 } from "../xxh64.js";

const SCALE_MAX = 4096;

/** Candidates on a ring, by index. */
export class Ring {
  /** Upper and lower halves of the hashes, in order. */
  private readonly high: Uint32Array;
  private readonly low: Uint32Array;
  /** The candidate of each hash. */
  readonly owners: Uint32Array;
  private readonly hash = new U64();

  /**
   * @param keys - `address:port` of the candidates, in id order
   * @param weights - their weights, all above 0, without slow start
   */
  constructor(keys: readonly string[], weights: ArrayLike<number>, size: number) {
    const entries = place(keys, weights, size);
    entries.sort((a, b) => a.high - b.high || a.low - b.low || a.owner - b.owner);
    this.high = Uint32Array.from(entries, (entry) => entry.high);
    this.low = Uint32Array.from(entries, (entry) => entry.low);
    this.owners = Uint32Array.from(entries, (entry) => entry.owner);
  }

  /** The first candidate on the walk from `key` that `accepts` takes; `undefined` if it takes none. */
  pick(key: string, accepts: (index: number) => boolean): number | undefined {
    const start = this.search(xxh64(key, undefined, this.hash));
    for (let step = 0; step < this.owners.length; step += 1) {
      const owner = this.owners[(start + step) % this.owners.length]!;
      if (accepts(owner)) {
        return owner;
      }
    }
    return undefined;
  }

  /** The first entry whose hash is at least `hash`; the number of entries if there is none. */
  private search(hash: U64): number {
    let from = 0;
    let to = this.owners.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const high = this.high[middle]!;
      if (high < hash.high || (high === hash.high && this.low[middle]! < hash.low)) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    return from;
  }
}

interface Entry {
  high: number;
  low: number;
  owner: number;
}

function place(keys: readonly string[], weights: ArrayLike<number>, size: number): Entry[] {
  let total = 0;
  for (let index = 0; index < weights.length; index += 1) {
    total += weights[index]!;
  }
  const shares = Array.from(weights, (weight) => weight / total);
  const least = shares.reduce((a, b) => Math.min(a, b));
  const scale = Math.min(Math.ceil(least * size) / least, SCALE_MAX);
  const entries: Entry[] = [];
  let target = 0;
  for (const [owner, key] of keys.entries()) {
    target += scale * shares[owner]!;
    for (let k = 0; entries.length < target; k += 1) {
      const { high, low } = xxh64(`${key}_${k}`);
      entries.push({ high, low, owner });
    }
  }
  return entries;
}
