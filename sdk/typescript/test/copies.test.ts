/**
 * The local copy: what events change, what they don't, and what another epoch does.
 *
 * @module
 */
import assert from "node:assert/strict";
import { test } from "node:test";

import { SECOND } from "../src/choose/duration.js";
import { Copies, type StreamEpoch } from "../src/copy/copies.js";
import { ConfigCopy } from "../src/copy/config-copy.js";
import { ServiceCopy } from "../src/copy/service-copy.js";
import { Hooks } from "../src/hooks.js";
import { instance } from "./support/vectors.js";

/** A copy of `orders`, with a clock that stands still until it is set. */
class Bench {
  now = 0;
  readonly copy = new ServiceCopy("orders");
  readonly config = new ConfigCopy("shop/app.yaml");
  readonly copies = new Copies({ now: () => this.now, wallTime: () => 0 }, new Hooks(console), {
    serviceChanged() {},
    configChanged() {},
    epochKnown() {},
  });

  constructor() {
    this.copies.services.set("orders", this.copy);
    this.copies.configs.set("shop/app.yaml", this.config);
    this.copies.opened(["orders"]);
  }

  get ids(): string {
    return this.copy.instances.map(({ id }) => id).join();
  }

  stream(epoch?: string): StreamEpoch {
    return { epoch, undecided: new Set() };
  }

  snapshot(stream: StreamEpoch, ...ids: string[]): void {
    this.apply(stream, "snapshot", {
      revision: 2,
      protected: false,
      instances: ids.map((id) => instance({ id })),
    });
  }

  delta(stream: StreamEpoch, fields: { upserted?: object[]; removed?: string[]; policy?: unknown }): void {
    this.apply(stream, "delta", { revision: 3, protected: false, upserted: [], removed: [], ...fields });
  }

  apply(stream: StreamEpoch, kind: string, fields: object): void {
    this.copies.apply(stream, kind, JSON.stringify({ service: "orders", ...fields }), ["orders"]);
  }
}

test("a snapshot replaces, a delta changes, in id order", () => {
  const bench = new Bench();
  const stream = bench.stream("a");
  bench.snapshot(stream, "c", "a");
  assert.equal(bench.ids, "a,c");
  bench.delta(stream, { upserted: [instance({ id: "b" }), instance({ id: "a", weight: 7 })] });
  assert.equal(bench.ids, "a,b,c");
  assert.equal(bench.copy.instances[0]?.weight, 7);
  bench.delta(stream, { removed: ["a", "c", "never there"] });
  assert.equal(bench.ids, "b");
  bench.snapshot(stream);
  assert.equal(bench.ids, "", "within an epoch, empty means empty");
});

test("the policy comes with a snapshot, and with the deltas that change it", () => {
  const bench = new Bench();
  const stream = bench.stream("a");
  bench.apply(stream, "snapshot", {
    revision: 1,
    protected: false,
    instances: [],
    policy: { description: "x" },
  });
  bench.delta(stream, {});
  assert.deepEqual(bench.copy.policy, { description: "x" });
  bench.delta(stream, { policy: null });
  assert.equal(bench.copy.policy, undefined);
});

test("after a reset, what isn't confirmed within a minute goes, and nothing else", () => {
  const bench = new Bench();
  bench.snapshot(bench.stream("a"), "a", "b", "c");
  const stream = bench.stream("a");
  bench.now = SECOND;
  bench.apply(stream, "reset", { epoch: "z" });
  bench.snapshot(stream, "b");
  assert.equal(bench.ids, "a,b,c");
  bench.delta(stream, { upserted: [instance({ id: "c" })] });
  bench.now = 61 * SECOND - 1;
  bench.copies.expire();
  assert.equal(bench.ids, "a,b,c");
  bench.now = 61 * SECOND;
  bench.copies.expire();
  assert.equal(bench.ids, "b,c");
  bench.copies.close();
});

test("while no stream is open nobody goes, and the minute begins anew when one is", () => {
  const bench = new Bench();
  bench.snapshot(bench.stream("a"), "a", "b");
  bench.snapshot(bench.stream("z"), "b");
  bench.now = 30 * SECOND;
  bench.copies.opened(["orders"]);
  bench.now = 59 * SECOND;
  bench.copies.closed(["orders"]);
  bench.now = 600 * SECOND;
  bench.copies.expire();
  assert.equal(bench.ids, "a,b");
  bench.copies.opened(["orders"]);
  bench.now = 660 * SECOND - 1;
  bench.copies.expire();
  assert.equal(bench.ids, "a,b");
  bench.now = 660 * SECOND;
  bench.copies.expire();
  assert.equal(bench.ids, "b");
  bench.copies.close();
});

test("a second stream in place of the first gives nobody more time", () => {
  const bench = new Bench();
  bench.snapshot(bench.stream("a"), "a");
  bench.snapshot(bench.stream("z"));
  bench.now = 30 * SECOND;
  bench.copies.opened(["orders"]);
  bench.now = 60 * SECOND;
  bench.copies.expire();
  assert.equal(bench.ids, "");
  bench.copies.close();
});

test("an unconfirmed instance that is removed by name goes at once", () => {
  const bench = new Bench();
  bench.snapshot(bench.stream("a"), "a", "b");
  const stream = bench.stream("z");
  bench.snapshot(stream);
  assert.equal(bench.ids, "a,b", "another epoch is no word on who is gone");
  bench.delta(stream, { removed: ["a"] });
  assert.equal(bench.ids, "b");
  bench.copies.close();
});

test("a snapshot before its epoch is known takes nobody out until the same epoch is told", () => {
  for (const [epoch, left] of [
    ["a", "b"],
    ["z", "a,b"],
  ]) {
    const bench = new Bench();
    bench.snapshot(bench.stream("a"), "a", "b");
    const stream = bench.stream();
    bench.snapshot(stream, "b");
    assert.equal(bench.ids, "a,b");
    bench.copies.progress(stream, `${epoch}-7`);
    assert.equal(bench.ids, left);
    bench.copies.close();
  }
});

test("what comes from disk of another epoch is kept for a minute", () => {
  const bench = new Bench();
  bench.copy.restore(
    { revision: 1, protected: false, instances: [instance({ id: "a" })], policy: null },
    "a",
  );
  const stream = bench.stream();
  bench.snapshot(stream);
  bench.copies.progress(stream, "z-1");
  assert.equal(bench.ids, "a");
  bench.now = 60 * SECOND;
  bench.copies.expire();
  assert.equal(bench.ids, "");
});

test("a service that was never known starts empty", () => {
  const bench = new Bench();
  assert.equal(bench.copy.known, false);
  bench.snapshot(bench.stream());
  assert.deepEqual([bench.copy.known, bench.ids], [true, ""]);
});

test("what can't be read changes nothing", () => {
  const bench = new Bench();
  const stream = bench.stream("a");
  bench.snapshot(stream, "a");
  for (const broken of [
    { revision: 4, protected: false, upserted: [{ id: "b" }], removed: [] },
    { revision: "4", protected: false, upserted: [], removed: ["a"] },
    { revision: 4, upserted: [], removed: ["a"] },
  ]) {
    assert.throws(() => bench.apply(stream, "delta", broken), TypeError);
  }
  assert.throws(() => bench.copies.apply(stream, "delta", "{", []), SyntaxError);
  assert.equal(bench.ids, "a");
});

test("services that nobody asked for and kinds that nobody knows are passed over", () => {
  const bench = new Bench();
  const stream = bench.stream("a");
  bench.apply(stream, "snapshot", { service: "other", revision: 1, protected: false, instances: [] });
  bench.apply(stream, "later", {});
  assert.equal(bench.copy.known, false);
});

test("a configuration event with an error keeps what was there, and one that removes takes it away", () => {
  const bench = new Bench();
  const stream = bench.stream("a");
  const event = { group: "shop", key: "app.yaml", release: 1, format: "yaml", content: "a" };
  bench.apply(stream, "config", event);
  bench.apply(stream, "config", { ...event, release: 2, error: "secret-key-missing" });
  assert.equal(bench.config.value?.content, "a");
  bench.apply(stream, "config", { group: "shop", key: "app.yaml", release: 3, removed: true });
  assert.equal(bench.config.value, undefined);
});
