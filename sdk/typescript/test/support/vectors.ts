/**
 * The conformance vectors, and random numbers handed in as they write them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { Endpoint } from "../../src/choose/endpoint.js";
import { readInstance, type Instance } from "../../src/choose/instance.js";
import type { RandomSource } from "../../src/choose/random.js";

/** The repository. Tests run from `dist-test/test`. */
export const REPOSITORY = new URL("../../../../../", import.meta.url);

/** Any vector: what it has is checked by {@link run}. */
export type Vector = Record<string, any>;

/** The files that every SDK runs. */
export function vectorFiles(): string[] {
  const files = readdirSync(new URL("conformance/", REPOSITORY));
  return files.filter((name) => name.endsWith(".json") && !name.startsWith("rust-"));
}

/** Runs `check` for each vector of a file. A key that isn't among `keys` fails, so that nothing is overlooked. */
export function run(file: string, keys: readonly string[], check: (vector: Vector) => void): void {
  const vectors = JSON.parse(readFileSync(new URL(`conformance/${file}`, REPOSITORY), "utf8")) as Vector[];
  assert.ok(vectors.length > 0);
  test(file, async (t) => {
    for (const vector of vectors) {
      await t.test(String(vector["name"] ?? vector["range"]), () => {
        known(vector, ["name", "note", ...keys]);
        check(vector);
      });
    }
  });
}

/** Fails if `value` has a key that isn't among `keys`. */
export function known(value: Vector, keys: readonly string[]): void {
  const unknown = Object.keys(value).filter((key) => !keys.includes(key));
  assert.deepEqual(unknown, [], "keys that this reader doesn't know");
}

/** Random numbers from a list of 16 hexadecimal digits each. */
export class Numbers implements RandomSource {
  high = 0;
  low = 0;
  /** How many were drawn. */
  drawn = 0;

  constructor(private readonly numbers: readonly string[]) {}

  draw(): void {
    const text = this.numbers[this.drawn];
    assert.ok(text !== undefined, "more was drawn than there is");
    this.drawn += 1;
    this.high = Number.parseInt(text.slice(0, 8), 16);
    this.low = Number.parseInt(text.slice(8), 16);
  }

  /** Fails unless all were drawn. */
  end(): void {
    assert.equal(this.drawn, this.numbers.length, "numbers drawn");
  }
}

/** Fails unless both are the same number but for the last bits of `exp` and `log`. */
export function near(actual: number, expected: number): void {
  const difference = Math.abs(actual - expected);
  assert.ok(difference <= 1e-9 * Math.max(1, Math.abs(expected)), `${actual} instead of ${expected}`);
}

/** An instance with what a vector says of it. */
export function instance(fields: Vector): Instance {
  const filled = { address: "10.0.0.1", port: 80, weight: 100, status: "up", health: "passing", ...fields };
  return readInstance(filled);
}

/** An endpoint with what a vector says of it. */
export function endpoint({ in_flight: inFlight, ...fields }: Vector): Endpoint {
  const made = new Endpoint(instance(fields));
  made.inFlight = Number(inFlight ?? 0);
  return made;
}
