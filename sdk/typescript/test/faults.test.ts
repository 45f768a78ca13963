/**
 * What goes wrong between a process and the registry: away, restarted, wiped, falsified, blocked.
 *
 * @module
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { NotKnownYetError, Registry, type ConnectOptions } from "../src/index.js";
import { Backend, answering } from "./support/backend.js";
import { RegistryProcess, freePort } from "./support/registry-process.js";
import { until } from "./support/waiting.js";

const SILENT = { warn() {} };

/** A client that hurries and logs nothing. Where the registry is gone first, `close` takes all of its time. */
function connect(t: TestContext, options: ConnectOptions): Registry {
  const registry = Registry.connect({
    signals: [],
    drainDelayMs: 0,
    heartbeatMs: 200,
    closeTimeoutMs: 200,
    logger: SILENT,
    ...options,
  });
  t.after(() => registry.close());
  return registry;
}

async function started(t: TestContext): Promise<RegistryProcess> {
  const server = await RegistryProcess.start();
  t.after(() => server.remove());
  return server;
}

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), "paste-registry-typescript-"));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

test("a registry that is away at the start is waited for, and the error says why", async (t) => {
  const registry = connect(t, { urls: `http://127.0.0.1:${await freePort()}` });
  const service = registry.service("orders");
  await until("the first try failed", async () => {
    try {
      await service.ready(1);
      return false;
    } catch (error) {
      assert.ok(error instanceof NotKnownYetError);
      return /ECONNREFUSED/.test(error.message);
    }
  });
  const registration = registry.register({ service: "orders", port: 1 });
  assert.equal(registration.isRegistered, false);
  assert.equal(registry.isRegistered, false);
});

test("with a snapshot, a start without the registry knows what was known", async (t) => {
  const server = await started(t);
  const snapshotFolder = folder(t);
  await server.add("orders", "one", { version: "1.0.0" });
  await server.request("PUT", "/configs/shop/app.yaml", { content: "a: 1", format: "yaml" });
  const first = connect(t, { urls: server.url, snapshotFolder });
  await Promise.all([first.service("orders").ready(), first.config("shop/app.yaml").ready()]);
  await first.close();
  await server.kill();

  const events: string[] = [];
  const second = connect(t, { urls: server.url, snapshotFolder, onEvent: (name) => events.push(name) });
  assert.equal(second.service("orders").choose().instance.id, "one");
  assert.equal(second.config("shop/app.yaml").value()?.content, "a: 1");
  assert.ok(second.service("orders").age() >= 0);
  assert.equal(events[0], "snapshot-loaded");
  await server.restart();
  await until("the stream confirms it", () => second.service("orders").age() === 0);
  assert.deepEqual(second.service("orders").instances().length, 1);
});

test("a torn snapshot is passed over with a warning, and close doesn't replace what it can't improve", async (t) => {
  const snapshotFolder = folder(t);
  const path = join(snapshotFolder, "default.json");
  writeFileSync(path, '{"format":1,"checksum":"0000000000000000"}\n{"epoch":');
  const warnings: string[] = [];
  const registry = connect(t, {
    urls: `http://127.0.0.1:${await freePort()}`,
    snapshotFolder,
    logger: { warn: (message) => warnings.push(message) },
  });
  assert.throws(() => registry.service("orders").instances(), NotKnownYetError);
  assert.match(warnings[0] ?? "", /torn/);
  await registry.close();
  assert.match(readFileSync(path, "utf8"), /0000000000000000/);
});

test("an outage changes nothing in the copy, and is made up for", async (t) => {
  const server = await started(t);
  await server.add("orders", "one");
  const registry = connect(t, { urls: server.url });
  const orders = await registry.service("orders").ready();
  const registration = await registry.register({ service: "web", port: 1 }).ready();
  await server.kill();
  await until("a heartbeat failed", () => !registry.isRegistered);
  assert.equal(orders.choose().instance.id, "one");
  await server.restart();
  await server.add("orders", "two");
  await until("it follows again", () => orders.instances().length === 2);
  await until("heartbeats are taken again", () => registry.isRegistered);
  const [web] = await server.instances("web");
  assert.equal(web?.id, registration.id);
});

test("a registry that lost its data is told again, and empties nothing", async (t) => {
  const server = await started(t);
  await server.add("orders", "one");
  const registry = connect(t, { urls: server.url });
  const orders = await registry.service("orders").ready();
  const registration = await registry.register({ service: "web", port: 1 }).ready();
  const resets: string[] = [];
  registry.onEvent((name) => name === "reset" && resets.push(name));
  await server.kill();
  await server.restart({ lostData: true });
  await until("it registered again", async () => {
    const [web] = await server.instances("web");
    return web?.id === registration.id;
  });
  await until("the stream began anew", () => resets.length > 0);
  await server.add("orders", "two");
  await until("it follows again", () => orders.instances().length === 2);
  assert.deepEqual(
    orders.instances().map(({ id }) => id),
    ["one", "two"],
  );
});

for (const [what, listener] of Object.entries({
  "answers 500": answering(500, "no"),
  "answers 404 as somebody else": answering(404, "no such page"),
  "answers 403 as somebody else": answering(403, '{"detail":"go away"}'),
  "doesn't answer": () => {},
  "answers garbage": answering(200, "<html>garbage</html>"),
  "is cut off": (_request: unknown, response: { destroy(): void }) => response.destroy(),
})) {
  test(`a node that ${what} is left for the next one`, async (t) => {
    const server = await started(t);
    await server.add("orders", "one");
    await using bad = await Backend.start(listener);
    const registry = connect(t, { urls: [bad.url, bad.url, server.url], requestTimeoutMs: 2000 });
    await registry.register({ service: "web", port: 1 }).ready();
    const orders = await registry.service("orders").ready(20_000);
    assert.equal(orders.choose().instance.id, "one");
  });
}

test("an event that can't be read opens the stream anew, from the start", async (t) => {
  const ids: (string | undefined)[] = [];
  await using server = await Backend.start((request, response) => {
    ids.push(request.headers["last-event-id"] as string | undefined);
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    const snapshot = { service: "orders", revision: 1, protected: false, instances: [] };
    response.write(`event: snapshot\ndata: ${JSON.stringify(snapshot)}\nid: 00000000000000aa-1\n\n`);
    if (ids.length === 1) {
      response.write("event: delta\ndata: {nonsense\n\n");
    } else if (ids.length === 2) {
      response.end();
    }
  });
  const registry = connect(t, { urls: server.url });
  await registry.service("orders").ready();
  await until("it was opened three times", () => ids.length === 3);
  assert.deepEqual(ids, [undefined, undefined, "00000000000000aa-1"]);
});

test("an isolated node is left for one that isn't", async (t) => {
  const server = await started(t);
  await server.add("orders", "one");
  await using isolated = await Backend.start((_request, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream", "X-Registry-Isolated": "true" });
    response.write(": here\n\n");
  });
  const registry = connect(t, { urls: [isolated.url, server.url], requestTimeoutMs: 20_000 });
  const orders = await registry.service("orders").ready();
  assert.equal(orders.choose().instance.id, "one");
});

test("Retry-After is the least that is waited", async (t) => {
  await using busy = await Backend.start((_request, response) => {
    response.writeHead(503, { "Retry-After": "30" }).end();
  });
  const delays: number[] = [];
  const registry = connect(t, {
    urls: busy.url,
    onEvent: (name, fields) => {
      if (name === "retrying" && "delayMs" in fields) {
        delays.push(fields.delayMs);
      }
    },
  });
  registry.service("orders");
  await until("it waits", () => delays.length === 1);
  assert.equal(delays[0], 30_000);
});

test("heartbeats go on while the event loop is blocked", async (t) => {
  const server = await started(t);
  const registry = connect(t, { urls: server.url });
  await registry.register({ service: "web", port: 1 }).ready();
  await until("the thread runs", () => registry.isRegistered);
  // The session's life is made shorter than the block: the registry is the one who judges.
  const body = {
    address: "127.0.0.1",
    port: 2,
    session: sessionOf(await server.instances("web")),
    ttl: "4s",
  };
  await server.request("PUT", "/services/web/instances/short", body);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 9000);
  const healths = (await server.instances("web")).map(({ health }) => health);
  assert.equal(healths.length, 2);
  assert.ok(!healths.includes("failing"), healths.join());
});

function sessionOf(instances: object[]): string {
  return (instances[0] as { session: string }).session;
}

test("close during a reconnect ends in time and leaves nothing behind", async (t) => {
  const server = await started(t);
  const registry = connect(t, { urls: server.url });
  await registry.register({ service: "web", port: 1 }).ready();
  await registry.service("orders").ready();
  await server.kill();
  await until("a heartbeat failed", () => !registry.isRegistered);
  await registry.close();
  await until("nothing is left", () => left().length === 0);
});

test("close drains first, then ends the session", async (t) => {
  await using server = await Backend.start((request, response) => {
    const id = request.url!.split("/").at(-1)!;
    response.writeHead(request.url!.endsWith("/heartbeat") ? 204 : 200);
    response.end(request.method === "PUT" ? JSON.stringify({ id }) : "");
  });
  const registry = connect(t, { urls: server.url, drainDelayMs: 100, closeTimeoutMs: 30_000 });
  await registry.register({ service: "web", port: 1, id: "one" }).ready();
  await registry.close();
  const written = server.requests.filter((request) => !request.startsWith("POST"));
  assert.equal(written.length, 3);
  assert.equal(written[0], "PUT /api/v1/services/web/instances/one");
  assert.equal(written[1], "PATCH /api/v1/services/web/instances/one");
  assert.match(written[2]!, /^DELETE \/api\/v1\/sessions\//);
});

test("the end of the session is tried again, and for what was never answered, too", async (t) => {
  let deletions = 0;
  await using server = await Backend.start((request, response) => {
    if (request.method === "DELETE") {
      deletions += 1;
      response.writeHead(deletions < 3 ? 503 : 204).end();
    }
  });
  const events: string[] = [];
  const registry = connect(t, {
    urls: server.url,
    requestTimeoutMs: 60_000,
    closeTimeoutMs: 30_000,
    onEvent: (name) => events.push(name),
  });
  registry.register({ service: "web", port: 1, id: "one" });
  await until("it was sent", () => server.requests.length === 1);
  await registry.close();
  assert.equal(deletions, 3);
  assert.deepEqual(events, ["deregistered"]);
});

test("every stream names the session once something is registered", async (t) => {
  const sessions: unknown[] = [];
  await using server = await Backend.start(async (request, response) => {
    if (request.method === "PUT") {
      response.end(JSON.stringify({ id: "one" }));
    } else if (request.url!.endsWith("/watch")) {
      const pieces = await request.toArray();
      sessions.push(JSON.parse(Buffer.concat(pieces).toString()).session);
      response.writeHead(200, { "Content-Type": "text/event-stream" }).write(": here\n\n");
    } else {
      response.writeHead(204).end();
    }
  });
  const registry = connect(t, { urls: server.url });
  await registry.register({ service: "web", port: 1, id: "one" }).ready();
  for (let count = 0; count < 101; count += 1) {
    registry.service(`many-${count}`);
  }
  await until("both streams are open", () => sessions.length === 2);
  assert.equal(typeof sessions[0], "string");
  assert.equal(sessions[1], sessions[0]);
});

test("the address of a registration that names none is the one towards the registry", async (t) => {
  const server = await started(t);
  const registry = connect(t, { urls: server.url });
  await registry.register({ service: "web", port: 1 }).ready();
  const [web] = await server.instances("web");
  assert.equal((web as unknown as { address: string }).address, "127.0.0.1");
});

test("close ends within its time-out though nobody answers", async (t) => {
  await using server = await Backend.start((request, response) => {
    if (request.method === "PUT") {
      response.end(JSON.stringify({ id: request.url!.split("/").at(-1)! }));
    }
  });
  const registry = connect(t, { urls: server.url, requestTimeoutMs: 600_000 });
  await registry.register({ service: "web", port: 1, id: "one" }).ready();
  await registry.close();
  assert.ok(server.requests.some((request) => request.startsWith("PATCH")));
});

test("ten thousand instances are known, and one change is one", async (t) => {
  const server = await started(t);
  const instances = Array.from({ length: 10_000 }, (_, index) => `i${index}`);
  for (let from = 0; from < instances.length; from += 1000) {
    const items = instances.slice(from, from + 1000).map((id, index) => ({
      action: "register",
      service: "large",
      id,
      instance: { address: `10.0.${from / 1000}.${index % 256}`, port: 80, ephemeral: false },
    }));
    await server.request("POST", "/batch", { items });
  }
  const registry = connect(t, { urls: server.url });
  const large = await registry.service("large").ready(20_000);
  assert.equal(large.instances().length, 10_000);
  await server.request("DELETE", "/services/large/instances/i5000");
  await until("it is gone", () => large.instances().length === 9999);
  large.choose().done("success");
});

/** Threads, timers and connections of this process. */
function left(): string[] {
  return process.getActiveResourcesInfo().filter((name) => /Worker|MessagePort|TCPSocket|HTTP/.test(name));
}
