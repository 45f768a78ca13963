/**
 * The file in which the copy is kept.
 *
 * @module
 */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import {
  decodeSnapshot,
  encodeSnapshot,
  loadSnapshot,
  saveSnapshot,
  type Saved,
} from "../src/copy/snapshot-file.js";
import { ConfigCopy } from "../src/copy/config-copy.js";
import { Copies } from "../src/copy/copies.js";
import { ServiceCopy } from "../src/copy/service-copy.js";
import { SnapshotWriter } from "../src/copy/snapshot-writer.js";
import { Hooks } from "../src/hooks.js";
import { instance } from "./support/vectors.js";

const SAVED_AT = "2026-01-01T00:00:00.000Z";
const SAVED: Saved = {
  epoch: "00000000000000aa",
  saved_at: SAVED_AT,
  services: {
    orders: { revision: 7, protected: false, policy: null, instances: [instance({ id: "ä" })] },
  },
  configs: { "shop/app.yaml": { release: 1, format: "yaml", content: "a: 1" } },
};
const NOW = Date.parse(SAVED_AT);
const MINUTE = 60_000;

function path(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "paste-registry-typescript-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "deeper", "default.json");
}

test("what is written is read, and nobody else may read it", async (t) => {
  const file = path(t);
  await saveSnapshot(file, SAVED);
  await saveSnapshot(file, SAVED);
  assert.deepEqual(loadSnapshot(file, NOW), { saved: SAVED, ageMs: 0, warning: undefined });
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(join(file, "..")), ["default.json"], "nothing lies beside it");
});

test("a file of no known epoch can be used", () => {
  for (const epoch of [null, ""]) {
    assert.deepEqual(decodeSnapshot(encodeSnapshot({ ...SAVED, epoch })), { ...SAVED, epoch: null });
  }
});

test("what the stream hasn't told is not written, and what is there stays", async (t) => {
  const service = (name: string, ...ids: string[]) => ({
    service: name,
    revision: 1,
    protected: false,
    instances: ids.map((id) => instance({ id })),
  });
  const item = { group: "shop", key: "app.yaml", release: 2, format: "yaml", content: "a: 2" };
  const told = (copies: Copies, epoch: string | undefined, kind: string, event: object): void =>
    copies.apply({ epoch, undecided: new Set() }, kind, JSON.stringify(event), []);
  const cases: Record<string, [(copies: Copies) => void, boolean]> = {
    "all is told": [
      (copies) => {
        told(copies, "a", "snapshot", service("orders", "one"));
        told(copies, "a", "snapshot", service("stock"));
        told(copies, "a", "config", item);
      },
      true,
    ],
    "configuration is from disk": [
      (copies) => {
        told(copies, "a", "snapshot", service("orders", "one"));
        told(copies, "a", "snapshot", service("stock"));
      },
      false,
    ],
    "a service is from disk": [
      (copies) => {
        told(copies, "a", "snapshot", service("orders", "one"));
        told(copies, "a", "config", item);
      },
      false,
    ],
    "somebody isn't confirmed": [
      (copies) => {
        told(copies, "b", "snapshot", service("orders"));
        told(copies, "b", "snapshot", service("stock"));
        told(copies, "b", "config", item);
        copies.progress({ epoch: undefined, undecided: new Set() }, "b-1");
      },
      false,
    ],
    "epochs differ": [
      (copies) => {
        told(copies, "a", "snapshot", service("orders", "one"));
        told(copies, "b", "snapshot", service("stock"));
        told(copies, "a", "config", item);
      },
      false,
    ],
    "the epoch isn't known yet": [
      (copies) => {
        told(copies, "a", "snapshot", service("orders", "one"));
        told(copies, undefined, "snapshot", service("stock"));
        told(copies, "a", "config", item);
      },
      false,
    ],
  };
  for (const [name, [tell, written]] of Object.entries(cases)) {
    const file = path(t);
    await saveSnapshot(file, SAVED);
    const clock = { now: () => 0, wallTime: () => NOW + 1 };
    const listener = { serviceChanged() {}, configChanged() {}, epochKnown() {} };
    const copies = new Copies(clock, new Hooks(console), listener);
    copies.epoch = "a";
    for (const [of, ids] of [["orders", ["one"]] as const, ["stock", []] as const]) {
      const copy = new ServiceCopy(of);
      copy.restore(service(of, ...ids), "a");
      copies.services.set(of, copy);
    }
    const config = new ConfigCopy("shop/app.yaml");
    config.restore(SAVED.configs["shop/app.yaml"]);
    copies.configs.set("shop/app.yaml", config);
    tell(copies);
    await new SnapshotWriter(file, copies, clock, console).close();
    copies.close();
    const { saved } = loadSnapshot(file, NOW);
    assert.equal(saved?.saved_at === SAVED_AT, !written, name);
  }
});

test("a file that isn't there is no reason to warn", (t) => {
  assert.deepEqual(loadSnapshot(path(t), NOW), { saved: undefined, ageMs: 0, warning: undefined });
});

test("age is told, and too much of it makes a file useless", async (t) => {
  const file = path(t);
  await saveSnapshot(file, SAVED);
  const loaded = (later: number) => loadSnapshot(file, NOW + later);
  assert.deepEqual(loaded(10 * MINUTE).warning, undefined);
  assert.match(loaded(10 * MINUTE + 1).warning ?? "", /2026-01-01/);
  assert.equal(loaded(10 * MINUTE + 1).ageMs, 10 * MINUTE + 1);
  assert.ok(loaded(24 * 60 * MINUTE).saved);
  assert.equal(loaded(24 * 60 * MINUTE + 1).saved, undefined);
  assert.equal(loaded(-5 * MINUTE).ageMs, 0, "a clock that was set back makes no negative age");
});

test("a file that is torn anywhere is passed over", () => {
  const bytes = encodeSnapshot(SAVED);
  assert.deepEqual(decodeSnapshot(bytes), SAVED);
  for (let length = 0; length < bytes.length; length += 1) {
    assert.equal(typeof decodeSnapshot(bytes.subarray(0, length)), "string", `${length} bytes`);
  }
  for (let at = 0; at < bytes.length; at += 1) {
    const flipped = Buffer.from(bytes);
    flipped[at]! ^= 1;
    const decoded = decodeSnapshot(flipped);
    assert.ok(typeof decoded === "string" || at < bytes.indexOf("\n"), `byte ${at}`);
  }
});

test("another format, nonsense and a folder are passed over with a warning", async (t) => {
  const file = path(t);
  await saveSnapshot(file, SAVED);
  for (const content of ['{"format":2,"checksum":""}\n{}', "", "nonsense\n", "null\nnull"]) {
    writeFileSync(file, content);
    const { saved, warning } = loadSnapshot(file, NOW);
    assert.equal(saved, undefined);
    assert.match(warning ?? "", /passed over/);
  }
  assert.match(loadSnapshot(join(file, ".."), NOW).warning ?? "", /passed over/);
});
