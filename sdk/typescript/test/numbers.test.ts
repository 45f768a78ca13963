/**
 * Arithmetic that takes a short way, against the definition in whole numbers.
 *
 * @module
 */
import assert from "node:assert/strict";
import { test } from "node:test";

import { SystemRandom, hexadecimal, mulhi, unit } from "../src/choose/random.js";
import { U64 } from "../src/choose/u64.js";
import { Numbers } from "./support/vectors.js";

const EDGES = [0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];
const MASK = 2n ** 64n - 1n;

/** Numbers that are the same in each run, and the edges. */
function numbers(count: number): bigint[] {
  let state = 0x9e3779b97f4a7c15n;
  const drawn = Array.from({ length: count }, () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & MASK;
    return state ^ (state >> 29n);
  });
  return [...EDGES, ...drawn];
}

function halves(value: bigint): U64 {
  return new U64(Number(value >> 32n), Number(value & 0xffffffffn));
}

function whole({ high, low }: { high: number; low: number }): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}

test("mulhi is the definition, bit for bit", () => {
  const ranges = [
    1,
    2,
    3,
    10,
    100,
    9999,
    10_000,
    2 ** 20 + 1,
    2 ** 21 - 1,
    2 ** 21,
    2 ** 21 + 1,
    3e10,
    2 ** 53,
  ];
  for (const r of numbers(5000)) {
    const random = Object.assign(halves(r), { draw() {} });
    for (const n of ranges) {
      assert.equal(mulhi(random, n), Number((r * BigInt(n)) >> 64n), `r = ${r}, n = ${n}`);
    }
  }
});

test("unit is mulhi of 2^53, as a share", () => {
  for (const r of numbers(5000)) {
    const random = new Numbers([r.toString(16).padStart(16, "0")]);
    assert.equal(unit(random), Number(r >> 11n) / 2 ** 53);
  }
});

test("64-bit arithmetic is that of whole numbers", () => {
  const values = numbers(300);
  for (const a of values) {
    for (const b of values.slice(0, 60)) {
      assert.equal(whole(halves(a).add(halves(b))), (a + b) & MASK);
      assert.equal(whole(halves(a).multiply(halves(b))), (a * b) & MASK);
      assert.equal(whole(halves(a).xor(halves(b))), a ^ b);
    }
    for (const bits of [1, 7, 11, 12, 18, 23, 27, 29, 31, 32, 33, 63]) {
      const shift = BigInt(bits);
      assert.equal(whole(halves(a).rotateLeft(bits)), ((a << shift) | (a >> (64n - shift))) & MASK);
      assert.equal(whole(halves(a).xorShiftRight(bits)), a ^ (a >> shift));
    }
  }
});

test("the system's random numbers fill both halves", () => {
  const random = new SystemRandom();
  let [high, low] = [0, 0];
  for (let count = 0; count < 10_000; count += 1) {
    random.draw();
    assert.ok(random.high >= 0 && random.high < 2 ** 32 && Number.isInteger(random.high));
    assert.ok(random.low >= 0 && random.low < 2 ** 32 && Number.isInteger(random.low));
    high |= random.high;
    low |= random.low;
  }
  assert.equal(high >>> 0, 0xffffffff);
  assert.equal(low >>> 12, 0xfffff);
  assert.match(hexadecimal(random), /^[0-9a-f]{16}$/);
});
