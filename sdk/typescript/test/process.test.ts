/**
 * What a process tells the registry, when it tries again, and how it ends.
 *
 * @module
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { SECOND } from "../src/choose/duration.js";
import { UnavailableError } from "../src/errors.js";
import { Report } from "../src/process/report.js";
import { Addresses } from "../src/registry/addresses.js";
import { EventStreamReader } from "../src/registry/event-stream.js";
import { Retry } from "../src/registry/retry.js";
import { Registry, InvalidOptionError } from "../src/index.js";
import { RegistryProcess } from "./support/registry-process.js";
import { Numbers } from "./support/vectors.js";

const HIGHEST = "f".repeat(16);

test("a report carries what wasn't taken until it is", () => {
  const report = new Report();
  report.called("orders", false, 150_000);
  report.called("orders", true, undefined);
  const first = report.next();
  assert.deepEqual(first.body.calls, [{ service: "orders", count: 2, errors: 1, latency: [0, 0, 1] }]);
  report.called("orders", false, 1);
  const second = report.next();
  assert.deepEqual(second.body.calls, [{ service: "orders", count: 3, errors: 1, latency: [1, 0, 1] }]);
  report.taken(first.last);
  assert.deepEqual(report.next().body.calls, [{ service: "orders", count: 1, errors: 0, latency: [1] }]);
  report.taken(second.last + 1);
  assert.equal(report.next().body.calls, undefined);
});

test("a report that is never taken stays bounded and loses nothing", () => {
  const report = new Report();
  for (let count = 0; count < 100; count += 1) {
    report.called("orders", false, 1);
    report.next();
  }
  for (let service = 0; service < 200; service += 1) {
    report.called(`other-${service}`, false, 1);
  }
  const { calls } = report.next().body;
  assert.equal(calls?.find(({ service }) => service === "orders")?.count, 100);
  assert.equal(calls?.length, 100);
});

test("a report tells of what is served, once there is something", () => {
  const report = new Report();
  assert.equal(report.next().body.requests, undefined);
  const served = report.serve();
  const { in_flight: inFlight, requests } = report.next().body;
  assert.deepEqual([inFlight, requests], [1, 0]);
  served(true);
  const after = report.next().body;
  assert.deepEqual([after.in_flight, after.requests, after.errors], [0, 1, 1]);
  assert.ok(after.cpu !== undefined && after.cpu >= 0 && after.cpu <= 1);
});

test("retries double up to 30 s, and begin anew after 10 s of success", () => {
  const retry = new Retry(new Numbers(new Array(20).fill(HIGHEST)));
  const failure = new Error("no");
  const waits = Array.from({ length: 8 }, () => Math.ceil(retry.failed(failure, 0)));
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  retry.succeeded(0);
  assert.equal(Math.ceil(retry.failed(failure, 10 * SECOND - 1)), 30_000);
  retry.succeeded(20 * SECOND);
  retry.succeeded(29 * SECOND);
  assert.equal(Math.ceil(retry.failed(failure, 30 * SECOND)), 500);
  assert.equal(retry.failed(new UnavailableError("busy", { retryAfterMs: 7000 }), 0), 7000);
});

test("a failure goes to the next address once, whoever saw it", () => {
  const addresses = new Addresses(["a", "b", "c"]);
  const other = new Addresses(addresses.urls, addresses.shared);
  let moves = 0;
  addresses.onMove(() => (moves += 1));
  addresses.failed(0);
  other.failed(0);
  assert.equal(other.index, 1);
  other.failed(1);
  other.failed(2);
  assert.equal(addresses.index, 0);
  assert.equal(moves, 1);
});

test("an isolated node is left at most once in 30 s, and kept when all are", () => {
  const addresses = new Addresses(["a", "b"]);
  addresses.isolated(0, 0);
  assert.equal(addresses.index, 1);
  addresses.isolated(1, SECOND);
  assert.equal(addresses.index, 1, "too soon");
  addresses.isolated(1, 31 * SECOND);
  assert.equal(addresses.index, 1, "the other is isolated, too");
  addresses.isolated(1, 120 * SECOND - 1);
  assert.equal(addresses.index, 1, "the other said so less than two minutes ago");
  addresses.isolated(1, 120 * SECOND);
  assert.equal(addresses.index, 0, "what the other said is long ago");
});

test("events are cut from bytes wherever they are split", () => {
  const text = 'retry: 5\n\nevent: config\ndata: {"a":\ndata: "ü"}\r\nid: e-1\n\n: comment\n\nid: e-2\n\n';
  const expected = [
    { event: "config", data: '{"a":\n"ü"}', id: "e-1" },
    { event: "", data: "", id: "e-2" },
  ];
  const bytes = Buffer.from(text);
  for (let split = 0; split <= bytes.length; split += 1) {
    const reader = new EventStreamReader();
    const events = [...reader.read(bytes.subarray(0, split)), ...reader.read(bytes.subarray(split))];
    assert.deepEqual(events, expected);
  }
});

test("a line that is too long is refused", () => {
  const reader = new EventStreamReader(10);
  assert.throws(() => [...reader.read(Buffer.from("data: 123456"))], RangeError);
});

test("options that can't be used are refused", () => {
  for (const options of [
    { urls: "ftp://x" },
    { urls: [] },
    { heartbeatMs: 0 },
    { requestTimeoutMs: Number.NaN },
    { drainDelayMs: -1 },
  ]) {
    assert.throws(() => Registry.connect(options), InvalidOptionError);
  }
});

for (const listens of [false, true]) {
  test(`SIGTERM deregisters, and ${listens ? "leaves the end to who listens" : "ends the process"}`, async (t) => {
    const server = await RegistryProcess.start();
    t.after(() => server.remove());
    const program = `
      import { Registry } from ${JSON.stringify(new URL("../src/index.js", import.meta.url).href)};
      const registry = Registry.connect({ urls: ${JSON.stringify(server.url)}, drainDelayMs: 0 });
      await registry.register({ service: "web", port: 1 }).ready();
      if (${listens}) process.on("SIGTERM", () => registry.close().then(() => process.exit(7)));
      setInterval(() => {}, 1000);
      console.log("ready");`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
      cwd: fileURLToPath(new URL(".", import.meta.url)),
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    assert.equal((await server.instances("web")).length, 1);
    child.kill("SIGTERM");
    const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
    assert.deepEqual([code, signal], listens ? [7, null] : [null, "SIGTERM"]);
    assert.deepEqual(await server.instances("web"), []);
  });
}
