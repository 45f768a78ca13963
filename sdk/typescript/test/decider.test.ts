/**
 * Deciding again and again, with what is kept between decisions, against deciding each time from nothing.
 *
 * @module
 */
import assert from "node:assert/strict";
import { test } from "node:test";

import type { Ask } from "../src/choose/ask.js";
import { Decider } from "../src/choose/decider.js";
import { SECOND } from "../src/choose/duration.js";
import { compareIds, type Instance } from "../src/choose/instance.js";
import { readPolicy } from "../src/choose/policy.js";
import { below, type RandomSource } from "../src/choose/random.js";
import { Selectors } from "../src/selectors.js";
import { instance } from "./support/vectors.js";

/** Random numbers that are the same for the same seed. */
class Seeded implements RandomSource {
  high = 0;
  low = 0;

  constructor(private state: number) {}

  draw(): void {
    this.high = this.step();
    this.low = this.step();
  }

  /** Mulberry32. */
  private step(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }
}

const KINDS = ["weighted_random", "smooth_wrr", "least_request", "peak_ewma", "ring_hash", "rendezvous"];

function policyOf(kind: string) {
  return readPolicy({
    balancer: { kind, ring_size: 64 },
    subsets: [
      { name: "v1", version: "^1", weight: 80 },
      { name: "v2", version: "^2", weight: 20 },
    ],
    rules: [{ headers: { "x-beta": "1" }, subset: "v2" }],
    outlier_detection: { consecutive_failures: 2, interval: "5s", base_ejection: "3s", max_ejected: 60 },
    slow_start: { window: "4s" },
    locality: { failover_regions: ["us"] },
  });
}

function member(random: RandomSource, index: number): Instance {
  const one = <T>(...values: T[]): T => values[below(random, values.length)]!;
  return instance({
    id: `i${index}`,
    address: `10.0.0.${index}`,
    weight: one(0, 1, 100, 300),
    version: one("1.0.0", "1.2.0", "2.0.0"),
    zone: one("a", "b"),
    region: one("eu", "us"),
    status: one("up", "up", "up", "draining"),
    health: one("passing", "passing", "suspect", "failing"),
  });
}

for (const kind of KINDS) {
  test(`${kind}: what is kept between decisions changes none`, () => {
    const script = new Seeded(KINDS.indexOf(kind) + 1);
    const selectors = new Selectors();
    const kept = new Decider(new Seeded(7));
    const fresh = new Decider(new Seeded(7));
    const policy = policyOf(kind);
    kept.setPolicy(policy);
    let listed: Instance[] = [];
    let now = 0;
    let picked = 0;
    for (let step = 0; step < 3000; step += 1) {
      now += below(script, SECOND / 5);
      if (step % 50 === 0) {
        listed = Array.from({ length: 12 }, (_, index) => member(script, index));
        listed = listed.filter(() => below(script, 5) > 0).sort((a, b) => compareIds(a.id, b.id));
        const isProtected = below(script, 4) === 0;
        kept.update(listed, isProtected, now);
        fresh.update(listed, isProtected, now);
      }
      const ask: Ask = {
        selector: below(script, 3) === 0 ? selectors.of({ version: "<2 || ^2" }) : undefined,
        zone: "a",
        region: "eu",
        headers: below(script, 5) === 0 ? { "X-Beta": "1" } : undefined,
        hashKey: `key-${below(script, 20)}`,
        tried: below(script, 4) === 0 ? new Set([`i${below(script, 12)}`]) : undefined,
      };
      // A policy that is set anew forgets everything that was kept.
      fresh.setPolicy(policy);
      const decided = [kept, fresh].map((decider) => decider.choose(ask, now));
      const [one, other] = decided.map((end) => (typeof end === "string" ? end : end.instance.id));
      assert.equal(one, other, `step ${step}`);
      const failed = below(script, 3) === 0;
      const latency = below(script, 1e8);
      [kept, fresh].forEach((decider, index) => {
        const end = decided[index]!;
        if (typeof end !== "string") {
          picked += 1;
          decider.record(end, failed ? "failure" : "success", latency, now);
        }
      });
    }
    assert.ok(picked > 1000, "most decisions pick somebody");
  });
}

test("an endpoint that got another address is another one, and others keep what is known of them", () => {
  const decider = new Decider(new Seeded(1));
  decider.update([instance({ id: "a" }), instance({ id: "b", port: 81 })], false, 0);
  const [a, b] = decider.members.endpoints;
  decider.update([instance({ id: "a", weight: 7 }), instance({ id: "b", port: 82 })], false, 0);
  assert.equal(decider.members.get("a"), a);
  assert.notEqual(decider.members.get("b"), b);
  decider.record(b!, "failure", 1, 0);
  assert.equal(decider.members.get("b")?.failures, 0, "what is late says nothing of the new one");
});

test("ids are ordered by their bytes in UTF-8", () => {
  const ids = ["a", "B", "ä", "a0", "\u{1f600}", "\uff5e", ""];
  const bytes = (id: string) => Buffer.from(id);
  assert.deepEqual(
    [...ids].sort(compareIds),
    [...ids].sort((x, y) => bytes(x).compare(bytes(y))),
  );
});
