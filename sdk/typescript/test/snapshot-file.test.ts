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
