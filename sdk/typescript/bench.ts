/**
 * The numbers, as JSON lines: choosing, memory, the time from a change to the copy, and what the `fetch` wrapper costs.
 * `node --expose-gc bench.js`; the registry is the one that tests use.
 *
 * @module
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

import { Decider } from "./src/choose/decider.js";
import { readPolicy, type BalancerKind } from "./src/choose/policy.js";
import { SystemRandom } from "./src/choose/random.js";
import { Copies } from "./src/copy/copies.js";
import { ServiceCopy } from "./src/copy/service-copy.js";
import { SYSTEM_CLOCK } from "./src/clock.js";
import { Hooks } from "./src/hooks.js";
import { Registry } from "./src/index.js";
import { RegistryProcess } from "./test/support/registry-process.js";
import { instance } from "./test/support/vectors.js";

const ROUND_MS = 1000;
const KINDS: readonly BalancerKind[] = [
  "weighted_random",
  "smooth_wrr",
  "least_request",
  "peak_ewma",
  "ring_hash",
  "rendezvous",
];
const NOTHING = {
  selector: undefined,
  zone: undefined,
  region: undefined,
  headers: undefined,
  hashKey: "user-7",
  tried: undefined,
};

/** Something that keeps what was computed from being left out. */
let kept: unknown;

if (process.argv[2] === "backend") {
  const server = createServer((_request, response) => response.end("ok")).listen(0, "127.0.0.1");
  await once(server, "listening");
  process.send!((server.address() as AddressInfo).port);
} else {
  picks();
  memory();
  const server = await RegistryProcess.start();
  await changes(server);
  await picksOfClient(server);
  await wrapper(server);
  await server.remove();
}

function say(fields: object): void {
  console.log(JSON.stringify({ language: "typescript", ...fields }));
}

/** How often a function can be called in a second. */
function rate(run: () => void): number {
  for (let warm = 0; warm < 20_000; warm += 1) {
    run();
  }
  let count = 0;
  const begun = performance.now();
  let elapsed = 0;
  while (elapsed < ROUND_MS) {
    for (let block = 0; block < 1000; block += 1) {
      run();
    }
    count += 1000;
    elapsed = performance.now() - begun;
  }
  return Math.round((count * 1000) / elapsed);
}

function picks(): void {
  for (const n of [10, 1000]) {
    const list = instances(n);
    const bare = rate(() => {
      kept = list[Math.floor(Math.random() * list.length)];
    });
    say({ bench: "picks", balancer: "bare", instances: n, per_second: bare });
    for (const kind of KINDS) {
      const decider = new Decider(new SystemRandom());
      decider.setPolicy(readPolicy({ balancer: { kind } }));
      decider.update(list, false, 0);
      const decided = rate(() => {
        kept = decider.choose(NOTHING, SYSTEM_CLOCK.now());
      });
      say({ bench: "picks", balancer: kind, instances: n, per_second: decided, of_bare: decided / bare });
    }
  }
}

/** Choosing as a program does, with the outcome reported. */
async function picksOfClient(server: RegistryProcess): Promise<void> {
  for (let index = 0; index < 10; index += 1) {
    await server.add("ten", `i${index}`);
  }
  const registry = Registry.connect({ urls: server.url, signals: [] });
  const ten = await registry.service("ten").ready();
  const perSecond = rate(() => ten.choose().done("success", 1));
  say({ bench: "choose and done", balancer: "peak_ewma", instances: 10, per_second: perSecond });
  await registry.close();
}

function instances(n: number) {
  return Array.from({ length: n }, (_, index) =>
    instance({ id: `i${String(index).padStart(6, "0")}`, address: `10.0.${index >> 8}.${index & 255}` }),
  );
}

function memory(): void {
  const n = 10_000;
  const line = JSON.stringify({ service: "x", revision: 1, protected: false, instances: instances(n) });
  const before = used();
  const copy = new ServiceCopy("x");
  const copies = new Copies(SYSTEM_CLOCK, new Hooks(console), {
    serviceChanged() {},
    configChanged() {},
    epochKnown() {},
  });
  copies.services.set("x", copy);
  copies.apply({ epoch: "a", undecided: new Set() }, "snapshot", line, ["x"]);
  const decider = new Decider(new SystemRandom());
  decider.update(copy.instances, false, 0);
  decider.choose(NOTHING, 0);
  say({ bench: "memory", instances: n, bytes: used() - before });
  kept = [copies, decider];
}

function used(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

async function changes(server: RegistryProcess): Promise<void> {
  const registry = Registry.connect({ urls: server.url, signals: [] });
  const service = await registry.service("changing").ready();
  const times: number[] = [];
  for (let count = 0; count < 200; count += 1) {
    const told = new Promise<number>((resolve) => {
      const stop = service.onChange(() => {
        stop();
        resolve(performance.now());
      });
    });
    const answered = server.add("changing", "one", { version: `1.0.${count}` }).then(() => performance.now());
    times.push((await told) - (await answered));
  }
  times.sort((a, b) => a - b);
  // Before the answer of the one who changed it, where it is negative.
  say({ bench: "change to copy", count: times.length, p50_ms: times[100], p99_ms: times[198] });
  await registry.close();
}

async function wrapper(server: RegistryProcess): Promise<void> {
  const backend = fork(fileURLToPath(import.meta.url), ["backend"]);
  const [port] = (await once(backend, "message")) as [number];
  await server.add("backend", "one", { port });
  const registry = Registry.connect({ urls: server.url, signals: [] });
  await registry.service("backend").ready();
  const bare = async () => (await fetch(`http://127.0.0.1:${port}/`)).text();
  const wrapped = async () => (await registry.fetch("http://backend/")).text();
  const bareTimes: number[] = [];
  const wrappedTimes: number[] = [];
  // In turn, so that whatever else the machine does disturbs both alike.
  for (let round = 0; round < 10; round += 1) {
    bareTimes.push(await timed(bare));
    wrappedTimes.push(await timed(wrapped));
  }
  const [bareUs, wrappedUs] = [median(bareTimes), median(wrappedTimes)];
  const overhead = (wrappedUs / bareUs - 1) * 100;
  say({ bench: "fetch wrapper", bare_us: bareUs, wrapped_us: wrappedUs, overhead_percent: overhead });
  await registry.close();
  backend.kill();
}

/** Microseconds of a call. */
async function timed(call: () => Promise<unknown>): Promise<number> {
  const count = 500;
  const begun = performance.now();
  for (let index = 0; index < count; index += 1) {
    kept = await call();
  }
  return ((performance.now() - begun) * 1000) / count;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}

void kept;
