/**
 * The conformance vectors of the parts: hashing, ranges, balancers, locality, outliers, slow start, retries.
 *
 * @module
 */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { retryBackoff, reconnectBackoff } from "../src/choose/backoff.js";
import { TwoIndices, weightedRandom, weightedRandomOf } from "../src/choose/balancer/draws.js";
import { rendezvous } from "../src/choose/balancer/rendezvous.js";
import { Ring } from "../src/choose/balancer/ring-hash.js";
import { smoothWeightedRoundRobin } from "../src/choose/balancer/smooth-wrr.js";
import { Candidates } from "../src/choose/candidates.js";
import { isEligible, isProtected } from "../src/choose/instance.js";
import { latencyBucket } from "../src/choose/latency-buckets.js";
import { localityLoads } from "../src/choose/locality.js";
import { Members } from "../src/choose/members.js";
import { OutlierDetection } from "../src/choose/outlier-detection.js";
import { drawPriority } from "../src/choose/pool.js";
import { readPolicy } from "../src/choose/policy.js";
import { below, hex32 } from "../src/choose/random.js";
import { RetryBudget } from "../src/choose/retry-budget.js";
import { U64 } from "../src/choose/u64.js";
import { VersionRange } from "../src/choose/version/range.js";
import { xxh64 } from "../src/choose/xxh64.js";
import { InvalidVersionRangeError } from "../src/errors.js";
import { Numbers, endpoint, instance, known, near, run, vectorFiles } from "./support/vectors.js";

test("every file of vectors is run by a test", () => {
  const folder = new URL("./", import.meta.url);
  const tests = readdirSync(folder).filter((name) => /^conformance.*\.js$/.test(name));
  const sources = tests.map((name) => readFileSync(new URL(name, folder), "utf8")).join();
  assert.deepEqual(
    vectorFiles().filter((name) => !sources.includes(`run("${name}"`)),
    [],
  );
});

run("xxh64.json", ["text", "hex", "seed", "hash"], ({ text, hex, seed, hash }) => {
  const data = hex === undefined ? text : Buffer.from(hex, "hex");
  const start = new U64(Number.parseInt(seed.slice(0, 8), 16), Number.parseInt(seed.slice(8), 16));
  const { high, low } = xxh64(data, start);
  assert.equal(hex32(high) + hex32(low), hash);
});

run("version-range.json", ["range", "canonical", "matches", "misses", "error", "at"], (vector) => {
  if (vector["error"] !== undefined) {
    assert.throws(
      () => VersionRange.parse(vector["range"]),
      (error) => {
        assert.ok(error instanceof InvalidVersionRangeError);
        assert.deepEqual([error.reason, error.position], [vector["error"], vector["at"]]);
        return true;
      },
    );
    return;
  }
  const range = VersionRange.parse(vector["range"]);
  assert.equal(range.canonical, vector["canonical"]);
  assert.equal(VersionRange.parse(range.canonical).canonical, range.canonical);
  for (const one of [range, VersionRange.parse(range.canonical)]) {
    assert.deepEqual(
      vector["matches"].filter((version: string) => !one.matches(version)),
      [],
    );
    assert.deepEqual(
      vector["misses"].filter((version: string) => one.matches(version)),
      [],
    );
  }
  assert.equal(range.matches(undefined), false);
});

run("eligibility.json", ["protect_threshold", "members", "protected", "eligible"], (vector) => {
  const members = vector["members"].map(instance);
  const protects = isProtected(members, vector["protect_threshold"]);
  const eligible = members.filter((one: ReturnType<typeof instance>) => isEligible(one, protects));
  assert.equal(protects, vector["protected"]);
  assert.deepEqual(
    eligible.map((one: ReturnType<typeof instance>) => one.id),
    vector["eligible"],
  );
});

run("p2c-draw.json", ["n", "random", "indices"], ({ n, random, indices }) => {
  const numbers = new Numbers(random);
  const { first, second } = new TwoIndices().draw(n, numbers);
  assert.deepEqual([first, second], indices);
  numbers.end();
});

run("weighted-random.json", ["weights", "random", "picked"], ({ weights, random, picked }) => {
  const numbers = new Numbers(random);
  assert.equal(weightedRandom(weights, numbers), picked);
  numbers.end();
  if (weights.every(Number.isInteger)) {
    let sum = 0;
    const cumulative = Float64Array.from(weights, (weight: number) => (sum += weight));
    assert.equal(weightedRandomOf(cumulative, new Numbers(random)), picked);
  }
});

run("smooth-wrr.json", ["rounds"], ({ rounds }) => {
  const turns = new Map<string, { current: number }>();
  for (const round of rounds) {
    known(round, ["gone", "candidates", "picked"]);
    for (const id of round.gone) {
      turns.delete(id);
    }
    const candidates = round.candidates.map(({ id }: { id: string }) => {
      const turn = turns.get(id) ?? { current: 0 };
      turns.set(id, turn);
      return turn;
    });
    const picked = smoothWeightedRoundRobin(
      candidates,
      round.candidates.map(({ weight }: { weight: number }) => weight),
    );
    assert.equal(round.candidates[picked].id, round.picked);
  }
});

const HOST_KEYS = ["id", "address", "port", "weight"];

run("ring-hash.json", ["ring_size", "candidates", "entries", "picks"], (vector) => {
  const endpoints = vector["candidates"].map(endpoint);
  for (const candidate of vector["candidates"]) {
    known(candidate, HOST_KEYS);
  }
  const candidates = new Candidates(endpoints);
  const ring = new Ring(candidates.keys, candidates.weights, vector["ring_size"]);
  const entries = candidates.keys.map((_, index) => ring.owners.filter((owner) => owner === index).length);
  assert.deepEqual(entries, vector["entries"]);
  for (const { key, tried, picked } of vector["picks"]) {
    const left = candidates.without(new Set(tried));
    assert.equal(left.endpoints[left.onRing(key, vector["ring_size"])]?.instance.id, picked, `key ${key}`);
  }
});

run("rendezvous.json", ["candidates", "picks"], (vector) => {
  for (const candidate of vector["candidates"]) {
    known(candidate, HOST_KEYS);
  }
  const candidates = new Candidates(vector["candidates"].map(endpoint));
  for (const { key, picked } of vector["picks"]) {
    const index = rendezvous(candidates.encodedKeys, candidates.weights, key);
    assert.equal(candidates.endpoints[index]?.instance.id, picked, `key ${key}`);
  }
});

run("locality.json", ["locality", "priorities", "loads", "panic", "draws"], (vector) => {
  const { overprovision, panicThreshold } = readPolicy({ locality: vector["locality"] }).locality;
  const loads = localityLoads(vector["priorities"], overprovision, panicThreshold);
  assert.deepEqual(
    loads.map(({ load }) => load),
    vector["loads"],
  );
  assert.deepEqual(
    loads.map(({ panic }) => panic),
    vector["panic"],
  );
  for (const { random, priority } of vector["draws"]) {
    const numbers = new Numbers(random);
    const several = loads.filter(({ load }) => load > 0).length > 1;
    assert.equal(loads.indexOf(drawPriority(loads, several ? below(numbers, 100) : 0)), priority);
    numbers.end();
  }
});

run("outlier.json", ["outlier_detection", "endpoints", "steps"], (vector) => {
  const policy = readPolicy({ outlier_detection: vector["outlier_detection"] }).outlierDetection;
  let endpoints = (vector["endpoints"] as string[]).map((id) => endpoint({ id }));
  const outliers = new OutlierDetection(policy, endpoints);
  for (const step of vector["steps"]) {
    known(step, ["at", "id", "success", "count", "ejected", "endpoints"]);
    if (step.endpoints) {
      endpoints = step.endpoints.map(
        (id: string) => endpoints.find((one) => one.instance.id === id) ?? endpoint({ id }),
      );
      outliers.endpoints = endpoints;
    }
    outliers.settle(step.at);
    const called = endpoints.find((one) => one.instance.id === step.id);
    for (let count = 0; called && count < step.count; count += 1) {
      outliers.record(called, !step.success, step.at);
    }
    const ejected = endpoints.filter((one) => one.isEjected(step.at)).map((one) => one.instance.id);
    assert.deepEqual(ejected, step.ejected, `at ${step.at}`);
  }
});

run("slow-start.json", ["slow_start", "ages", "factors"], (vector) => {
  const members = new Members();
  members.setSlowStart(readPolicy({ slow_start: vector["slow_start"] }).slowStart);
  const ages = vector["ages"] as (number | null)[];
  const now = 1e15;
  const listed = (kept: (age: number | null) => boolean) =>
    ages.flatMap((age, index) => (kept(age) ? [instance({ id: `i${index}`.padStart(8, "0") })] : []));
  members.update(
    listed((age) => age === null),
    false,
    0,
  );
  const joining = [...new Set(ages.filter((age) => age !== null))].sort((a, b) => b - a);
  for (const joined of joining) {
    members.update(
      listed((age) => age === null || age >= joined),
      false,
      now - joined,
    );
  }
  const slow = members.isStartingSlowly(now);
  for (const [index, factor] of vector["factors"].entries()) {
    near(slow ? members.factor(members.endpoints[index]!, now) : 1, factor);
  }
});

run("retry-budget.json", ["retries", "steps"], (vector) => {
  const budget = new RetryBudget(readPolicy({ retries: vector["retries"] }).retries);
  for (const step of vector["steps"]) {
    known(step, ["at", "tries", "retries", "granted"]);
    for (let count = 0; count < (step.tries ?? 0); count += 1) {
      budget.deposit(step.at);
    }
    let granted = 0;
    for (let count = 0; count < (step.retries ?? 0); count += 1) {
      granted += budget.withdraw(step.at) ? 1 : 0;
    }
    assert.equal(granted, step.granted ?? 0, `at ${step.at}`);
  }
});

run("backoff.json", ["retries", "n", "random", "wait"], ({ retries, n, random, wait }) => {
  const numbers = new Numbers(random);
  const waited = retries
    ? retryBackoff(n, readPolicy({ retries }).retries, numbers)
    : reconnectBackoff(n, numbers);
  assert.equal(waited, wait);
  numbers.end();
});

run("latency-buckets.json", ["latency", "bucket"], ({ latency, bucket }) => {
  assert.equal(latencyBucket(latency), bucket);
});
