/**
 * Calls through the wrappers: `fetch`, undici, and the servers that count what they serve.
 *
 * @module
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";

import express from "express";
import Fastify from "fastify";
import { Agent, request } from "undici";

import { InvalidOptionError, NoInstanceError, Registry } from "../src/index.js";
import { pasteRegistry as expressMiddleware, registerServer } from "../src/express.js";
import { pasteRegistry as fastifyPlugin } from "../src/fastify.js";
import { serviceInterceptor } from "../src/undici.js";
import { Backend, answering } from "./support/backend.js";
import { RegistryProcess, freePort } from "./support/registry-process.js";
import { until } from "./support/waiting.js";

let server: RegistryProcess;
let registry: Registry;
let dispatcher: ReturnType<Agent["compose"]>;

before(async () => {
  server = await RegistryProcess.start();
  registry = Registry.connect({ urls: server.url, signals: [], drainDelayMs: 0 });
  dispatcher = new Agent().compose(serviceInterceptor(registry));
});
after(async () => {
  await registry.close();
  await dispatcher.close();
  await server.remove();
});

/** The same call through both wrappers: status and body. */
const WRAPPERS: Record<
  string,
  (url: string, init: { method: "GET" | "POST"; body?: string }) => Promise<string>
> = {
  async fetch(url, init) {
    const response = await registry.fetch(url, init);
    return `${response.status} ${await response.text()}`;
  },
  async undici(url, { method, body }) {
    const response = await request(url, { method, body: body ?? null, dispatcher });
    return `${response.statusCode} ${await response.body.text()}`;
  },
};

for (const [name, call] of Object.entries(WRAPPERS)) {
  test(`${name}: a call goes to an instance by name`, async () => {
    await using good = await Backend.start(answering(200, "hello"));
    await server.add(`plain-${name}`, "good", { port: good.port });
    assert.equal(await call(`http://plain-${name}/a?b=c`, { method: "GET" }), "200 hello");
    assert.deepEqual(good.requests, ["GET /a?b=c"]);
  });

  test(`${name}: what can't be reached is passed over, whatever the method`, async () => {
    await using good = await Backend.start(answering(200, "hello"));
    await server.add(`refused-${name}`, "bad", { port: await freePort() });
    await server.add(`refused-${name}`, "good", { port: good.port });
    for (let count = 0; count < 10; count += 1) {
      const sent = { method: "POST", body: "x" } as const;
      assert.equal(await call(`http://refused-${name}/`, sent), "200 hello");
    }
  });

  test(`${name}: a 503 is tried elsewhere, unless that could do it twice`, async () => {
    await using bad = await Backend.start(answering(503, "busy"));
    await using good = await Backend.start(answering(200, "hello"));
    await server.add(`busy-${name}`, "bad", { port: bad.port });
    await server.add(`busy-${name}`, "good", { port: good.port });
    for (let count = 0; count < 10; count += 1) {
      assert.equal(await call(`http://busy-${name}/`, { method: "GET" }), "200 hello");
    }
    bad.requests.length = 0;
    await server.request("DELETE", `/services/busy-${name}/instances/good`);
    const service = await registry.service(`busy-${name}`).ready();
    await until("the good one is gone", () => service.instances().length === 1);
    assert.equal(await call(`http://busy-${name}/`, { method: "POST", body: "x" }), "503 busy");
    assert.deepEqual(bad.requests, ["POST /"]);
  });

  test(`${name}: the last try's answer is the call's`, async () => {
    await using bad = await Backend.start(answering(503, "busy"));
    await server.add(`down-${name}`, "bad", { port: bad.port });
    assert.equal(await call(`http://down-${name}/`, { method: "GET" }), "503 busy");
    assert.equal(bad.requests.length, 3, "the first try and two more");
  });

  test(`${name}: when nobody is left for another try, the last answer is the call's`, async () => {
    await using bad = await Backend.start(async (_request, response) => {
      await server.request("DELETE", `/services/leaving-${name}/instances/bad`);
      const leaving = registry.service(`leaving-${name}`);
      await until("it is gone", () => leaving.instances().length === 0);
      response.writeHead(503).end("busy");
    });
    await server.add(`leaving-${name}`, "bad", { port: bad.port });
    assert.equal(await call(`http://leaving-${name}/`, { method: "GET" }), "503 busy");
  });

  test(`${name}: a service without instances says so`, async () => {
    await assert.rejects(call(`http://nobody-${name}/`, { method: "GET" }), NoInstanceError);
  });
}

test("fetch refuses what names no service", async () => {
  await assert.rejects(registry.fetch("http://orders:8080/"), InvalidOptionError);
  await assert.rejects(registry.fetch("/path"), InvalidOptionError);
});

test("undici sends other hosts their own way", async () => {
  await using other = await Backend.start(answering(200, "other"));
  const { body } = await request(`${other.url}/x`, { dispatcher });
  assert.equal(await body.text(), "other");
});

test("the caller's abort ends a call and is no failure of the instance", async () => {
  await using silent = await Backend.start(() => {});
  await server.add("silent", "one", { port: silent.port });
  const abort = new AbortController();
  const outcomes: string[] = [];
  const stop = registry.onEvent((name, fields) => {
    if (name === "called" && "outcome" in fields) {
      outcomes.push(fields.outcome);
    }
  });
  const call = registry.fetch("http://silent/", { signal: abort.signal });
  await until("it arrives", () => silent.requests.length === 1);
  abort.abort();
  await assert.rejects(call, { name: "AbortError" });
  stop();
  assert.deepEqual(outcomes, ["success"]);
});

test("tracing headers of the incoming request are passed on", async () => {
  let traceparent: unknown;
  await using traced = await Backend.start((incoming, response) => {
    traceparent = incoming.headers["traceparent"];
    response.end();
  });
  await server.add("traced", "one", { port: traced.port });
  await registry.fetch("http://traced/", { incoming: { traceparent: "00-1-2-01", cookie: "secret" } });
  assert.equal(traceparent, "00-1-2-01");
});

test("an Express server is registered when it listens, and counts", async () => {
  await using own = Registry.connect({ urls: server.url, signals: [], drainDelayMs: 0 });
  const app = express();
  app.use(expressMiddleware(own));
  app.get("/x", (_request, response) => void response.send("x"));
  app.get("/fails", (_request, response) => void response.status(500).send("no"));
  const listening = app.listen(0, "127.0.0.1");
  const registration = await registerServer(own, listening, { service: "web", address: "127.0.0.1" });
  await registration.ready();
  const web = await registry.service("web").ready();
  await until("it is known", () => web.instances().length === 1);
  assert.equal(await (await registry.fetch("http://web/x")).text(), "x");
  listening.close();
  listening.closeAllConnections();
  await once(listening, "close");
});

test("a Fastify server is registered when it listens, and closes the client", async () => {
  const own = Registry.connect({ urls: server.url, signals: [], drainDelayMs: 0 });
  const app = Fastify();
  await app.register(fastifyPlugin, { registry: own, service: "fast", address: "127.0.0.1" });
  app.get("/x", () => "x");
  await app.listen({ port: 0, host: "127.0.0.1" });
  const fast = await registry.service("fast").ready();
  await until("it is known", () => fast.instances().length === 1);
  assert.equal(await (await registry.fetch("http://fast/x")).text(), "x");
  await app.close();
  assert.deepEqual(await server.instances("fast"), []);
});
