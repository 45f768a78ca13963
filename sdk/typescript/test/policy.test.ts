/**
 * Policies that come from the real registry, and what calls tell it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect as connectTo } from "node:net";
import { after, before, test, type TestContext } from "node:test";

import type { Dispatcher } from "undici";

import { ConnectTimeoutError, Registry } from "../src/index.js";
import { serviceInterceptor } from "../src/undici.js";
import { Backend, answering } from "./support/backend.js";
import { RegistryProcess } from "./support/registry-process.js";
import { until } from "./support/waiting.js";

/** Elsewhere, a queue that is full refuses. */
const LINUX = { skip: process.platform !== "linux" };

let server: RegistryProcess;
let registry: Registry;

before(async () => {
  server = await RegistryProcess.start();
  registry = Registry.connect({ urls: server.url, signals: [], drainDelayMs: 0, heartbeatMs: 200 });
});
after(async () => {
  await registry.close();
  await server.remove();
});

async function setPolicy(service: string, policy: object): Promise<void> {
  await server.request("PUT", `/policies/${service}`, policy);
}

test("a policy is effective as soon as it is there, and its end, too", async () => {
  for (const id of ["a", "b", "c"]) {
    await server.add("hashed", id);
  }
  const service = await registry.service("hashed").ready();
  assert.equal(service.policy().balancer.kind, "peak_ewma");
  await setPolicy("hashed", { balancer: { kind: "rendezvous", hash_header: "X-User" } });
  await until("it came", () => service.policy().balancer.kind === "rendezvous");
  const picked = new Set(
    Array.from({ length: 50 }, () => service.choose({ headers: { "x-user": "7" } }).instance.id),
  );
  assert.equal(picked.size, 1);
  await server.request("DELETE", "/policies/hashed");
  await until("it is gone", () => service.policy().balancer.kind === "peak_ewma");
});

test("a rule sends calls with a header to a subset, and the trace says so", async () => {
  await server.add("ruled", "old", { version: "1.0.0" });
  await server.add("ruled", "new", { version: "2.0.0" });
  await setPolicy("ruled", {
    subsets: [
      { name: "stable", version: "^1", weight: 100 },
      { name: "canary", version: "^2", weight: 0 },
    ],
    rules: [{ headers: { "x-beta": "1" }, subset: "canary" }],
  });
  const service = await registry.service("ruled").ready();
  assert.equal(service.choose().instance.id, "old");
  const { instance, trace } = service.choose({ headers: { "X-Beta": "1" }, trace: true });
  assert.equal(instance.id, "new");
  assert.deepEqual(trace?.subset, { name: "canary", by: "rule" });
});

test("a try that takes too long is made elsewhere", async () => {
  await using silent = await Backend.start(() => {});
  await using good = await Backend.start(answering(200, "hello"));
  await server.add("slow", "silent", { port: silent.port, weight: 10_000 });
  await server.add("slow", "good", { port: good.port, weight: 1 });
  await setPolicy("slow", { timeouts: { per_try: "1s" }, balancer: { kind: "smooth_wrr" } });
  const response = await registry.fetch("http://slow/");
  assert.equal(await response.text(), "hello");
  assert.deepEqual(silent.requests, ["GET /"]);
});

test("a connection that isn't opened in time is opened elsewhere, whatever the method", LINUX, async (t) => {
  const full = await listenWithoutAccepting(t);
  await using good = await Backend.start(answering(200, "hello"));
  await server.add("full", "a-full", { port: full });
  await server.add("full", "good", { port: good.port });
  await setPolicy("full", { timeouts: { connect: "1s" }, balancer: { kind: "smooth_wrr" } });
  const response = await registry.fetch("http://full/", { method: "POST", body: "x" });
  assert.equal(await response.text(), "hello");
  await setPolicy("full", { timeouts: { connect: "1s" }, retries: { max: 0 } });
  const service = await registry.service("full").ready();
  await until("the policy came", () => service.policy().retries.max === 0);
  await server.request("DELETE", "/services/full/instances/good");
  await until("the good one is gone", () => service.instances().length === 1);
  await assert.rejects(registry.fetch("http://full/"), ConnectTimeoutError);
});

/** A port whose queue of connections is full: what comes is neither accepted nor refused. */
async function listenWithoutAccepting(t: TestContext): Promise<number> {
  const program = `
    const server = require("node:net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
      require("node:fs").writeSync(1, String(server.address().port));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const child = spawn(process.execPath, ["--eval", program], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const [printed] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(printed);
  const sockets = Array.from({ length: 8 }, () => connectTo(port, "127.0.0.1").on("error", () => {}));
  t.after(() => sockets.forEach((socket) => socket.destroy()));
  await until("its queue is full", () => sockets.filter(({ connecting }) => !connecting).length >= 2);
  return port;
}

test("a call doesn't outlast the request's time-out", async () => {
  await using silent = await Backend.start(() => {});
  await server.add("stuck", "silent", { port: silent.port });
  await setPolicy("stuck", { timeouts: { request: "200ms" } });
  await assert.rejects(registry.fetch("http://stuck/"), { name: "TimeoutError" });
});

test("retries that are switched off aren't made", async () => {
  await using bad = await Backend.start(answering(503, "busy"));
  await server.add("once", "bad", { port: bad.port });
  await setPolicy("once", { retries: { max: 0 } });
  assert.equal((await registry.fetch("http://once/")).status, 503);
  assert.deepEqual(bad.requests, ["GET /"]);
});

test("retries end with the budget", async () => {
  await using bad = await Backend.start(answering(503, "busy"));
  await server.add("poor", "bad", { port: bad.port });
  await setPolicy("poor", {
    retries: { budget: 20, min_per_second: 0, backoff_base: "1ms", backoff_max: "1ms" },
  });
  for (let count = 0; count < 10; count += 1) {
    await registry.fetch("http://poor/");
  }
  const retries = bad.requests.length - 10;
  assert.ok(retries >= 1 && retries <= 2, `${retries} retries of 10 calls at 20 %`);
});

test("an instance that fails is ejected, and a throttled one isn't", async () => {
  await using bad = await Backend.start(answering(500, "no"));
  await using throttled = await Backend.start(answering(429, "later"));
  await using good = await Backend.start(answering(200, "hello"));
  for (const [id, { port }] of Object.entries({ bad, throttled, good })) {
    await server.add("failing", id, { port });
  }
  await setPolicy("failing", {
    balancer: { kind: "smooth_wrr" },
    outlier_detection: { consecutive_failures: 2, max_ejected: 50 },
  });
  const ejected: string[] = [];
  const stop = registry.onEvent((name, fields) => {
    if (name === "ejected" && "id" in fields) {
      ejected.push(fields.id);
    }
  });
  for (let count = 0; count < 30; count += 1) {
    await (await registry.fetch("http://failing/")).text();
  }
  stop();
  assert.deepEqual(ejected, ["bad"]);
  assert.equal(bad.requests.length, 2);
});

test("heartbeats tell what was called", async () => {
  await using good = await Backend.start(answering(200, "hello"));
  await server.add("counted", "good", { port: good.port });
  await registry.register({ service: "caller", port: 1 }).ready();
  for (let count = 0; count < 5; count += 1) {
    await registry.fetch("http://counted/");
  }
  await until("they are counted", async () => {
    const stats = JSON.stringify(await server.request("GET", "/services/counted/stats"));
    return /"count":5\b/.test(stats) || /"calls":5\b/.test(stats);
  });
});

test("undici: a connection that isn't opened in time is opened elsewhere, and the late one is given up", async () => {
  await server.add("far", "a", { address: "10.0.0.1" });
  await server.add("far", "b", { address: "10.0.0.2" });
  await setPolicy("far", { timeouts: { connect: "2s" } });
  const tries: { origin: string; handler: Dispatcher.DispatchHandler }[] = [];
  const dispatch = serviceInterceptor(registry)((options, handler) => {
    tries.push({ origin: String(options.origin), handler });
    return true;
  });
  const statuses: number[] = [];
  const caller = { onResponseStart: (_controller: unknown, status: number) => void statuses.push(status) };
  dispatch({ origin: "http://far", path: "/", method: "POST", body: "x" }, caller);
  await until("a second try is made", () => tries.length === 2);
  assert.notEqual(tries[0]!.origin, tries[1]!.origin);
  const controllers = tries.map(() => new Controller());
  tries.forEach(({ handler }, index) => handler.onRequestStart?.(controllers[index]!, {}));
  assert.deepEqual(
    controllers.map(({ aborted }) => aborted),
    [true, false],
  );
  tries[1]!.handler.onResponseStart?.(controllers[1]!, 200, {});
  assert.deepEqual(statuses, [200]);
});

class Controller {
  aborted = false;
  paused = false;
  reason = null;
  abort(): void {
    this.aborted = true;
  }
  pause(): void {}
  resume(): void {}
}
