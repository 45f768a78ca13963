/**
 * Those among whom a balancer picks, with what can be computed before the pick.
 *
 * @module
 */
import { Ring } from "./balancer/ring-hash.js";
import type { Endpoint } from "./endpoint.js";

/** Candidates in id order, those of weight 0 left out unless that leaves none; then all of them have weight 1. */
export class Candidates {
  /** Those among whom is picked. */
  readonly endpoints: readonly Endpoint[];
  /** Their weights without slow start, all above 0. */
  readonly weights: Float64Array;
  private sums: Float64Array | undefined;
  private hosts: readonly string[] | undefined;
  private encoded: readonly Uint8Array[] | undefined;
  private built: Ring | undefined;

  constructor(
    /** Those who could answer, whatever their weight. */
    private readonly all: readonly Endpoint[],
    /** The ring of a larger set, which is used with those passed over that aren't in this one. */
    private readonly around?: Candidates,
  ) {
    const weighty = all.filter((endpoint) => endpoint.instance.weight > 0);
    this.endpoints = weighty.length > 0 ? weighty : all;
    this.weights = Float64Array.from(this.endpoints, (endpoint) => endpoint.instance.weight || 1);
  }

  /** The candidates without those that were tried, unless that leaves none. */
  without(tried: ReadonlySet<string>): Candidates {
    const left = this.all.filter((endpoint) => !tried.has(endpoint.instance.id));
    return left.length === 0 || left.length === this.all.length ? this : new Candidates(left, this);
  }

  /** The running sums of the weights. */
  get cumulative(): Float64Array {
    if (!this.sums) {
      let total = 0;
      this.sums = this.weights.map((weight) => (total += weight));
    }
    return this.sums;
  }

  /** `address:port` of each. */
  get keys(): readonly string[] {
    this.hosts ??= this.endpoints.map((endpoint) => endpoint.key);
    return this.hosts;
  }

  /** The same in bytes. */
  get encodedKeys(): readonly Uint8Array[] {
    this.encoded ??= this.keys.map((key) => Buffer.from(key));
    return this.encoded;
  }

  /** The index of the one to which ring hash sends `key`. */
  onRing(key: string, size: number): number {
    const wide = this.around;
    if (wide) {
      const indices = new Map(this.endpoints.map((endpoint, index) => [endpoint, index]));
      const owner = wide.ring(size).pick(key, (index) => indices.has(wide.endpoints[index]!));
      if (owner !== undefined) {
        return indices.get(wide.endpoints[owner]!)!;
      }
    }
    return this.ring(size).pick(key, () => true)!;
  }

  private ring(size: number): Ring {
    this.built ??= new Ring(this.keys, this.weights, size);
    return this.built;
  }
}
