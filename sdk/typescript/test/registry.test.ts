/**
 * Registering, following and choosing against the real registry.
 *
 * @module
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { ClosedError, NoInstanceError, RefusedError, Registry } from "../src/index.js";
import { RegistryProcess } from "./support/registry-process.js";
import { until } from "./support/waiting.js";

let server: RegistryProcess;

before(async () => {
  server = await RegistryProcess.start();
});
after(() => server.remove());

function connect(options: object = {}): Registry {
  return Registry.connect({ urls: server.url, signals: [], drainDelayMs: 0, ...options });
}

test("a registration is there, is drained, and is gone after close", async () => {
  const events: string[] = [];
  const registry = connect({ onEvent: (name: string) => events.push(name), zone: "z1" });
  const registration = registry.register({ service: "orders", port: 8080, version: "1.2.3" });
  await registration.ready();
  const [instance] = await server.instances("orders");
  assert.equal(instance?.id, registration.id);
  assert.equal((instance as { zone?: string }).zone, "z1");
  await registry.close();
  assert.deepEqual(await server.instances("orders"), []);
  assert.deepEqual(events, ["registered", "deregistered"]);
});

test("a registration that breaks a rule is refused, and says why", async () => {
  await using registry = connect({ logger: { warn() {} } });
  const registration = registry.register({ service: "orders", port: 8080, version: "latest" });
  await assert.rejects(registration.ready(), (error) => {
    assert.ok(error instanceof RefusedError);
    assert.equal(error.code, "invalid-field");
    assert.match(error.detail, /version/);
    return true;
  });
});

test("the copy follows what is registered", async () => {
  await using registry = connect();
  await server.add("stock", "b", { weight: 100 });
  const stock = await registry.service("stock").ready();
  assert.deepEqual(ids(stock.instances()), ["b"]);
  assert.equal(stock.age(), 0);
  const changed = new Promise((resolve) => stock.onChange((instances) => resolve(ids(instances))));
  await server.add("stock", "a", { version: "2.0.0" });
  assert.deepEqual(await changed, ["a", "b"]);
  assert.equal(stock.choose({ version: "^2" }).instance.id, "a");
  assert.throws(() => stock.choose({ version: "^3" }), NoInstanceError);
  await server.request("DELETE", "/services/stock/instances/b");
  await until("b is gone", () => ids(stock.instances()).join() === "a");
});

test("several services come on one stream", async () => {
  await using registry = connect();
  await server.add("one", "1");
  await server.add("two", "2");
  const [one, two] = await Promise.all([registry.service("one").ready(), registry.service("two").ready()]);
  const three = await registry.service("three").ready();
  assert.deepEqual([ids(one.instances()), ids(two.instances()), ids(three.instances())], [["1"], ["2"], []]);
  assert.throws(() => three.choose(), NoInstanceError);
});

test("over a hundred services are followed on several streams", async () => {
  await using registry = connect();
  await server.add("many-149", "x");
  const services = Array.from({ length: 150 }, (_, index) => registry.service(`many-${index}`));
  await Promise.all(services.map((service) => service.ready(20_000)));
  assert.deepEqual(ids(services[149]!.instances()), ["x"]);
});

test("after close nothing can be asked for", async () => {
  const registry = connect();
  const service = registry.service("orders");
  await registry.close();
  await registry.close();
  assert.throws(() => service.instances(), ClosedError);
  assert.throws(() => registry.service("another"), ClosedError);
  assert.throws(() => registry.register({ service: "orders", port: 1 }), ClosedError);
});

test("an abort signal closes", async () => {
  const abort = new AbortController();
  const registry = connect({ signal: abort.signal });
  await registry.register({ service: "aborted", port: 1 }).ready();
  abort.abort();
  await registry.close();
  assert.deepEqual(await server.instances("aborted"), []);
});

test("one of several registrations can be taken out", async () => {
  await using registry = connect();
  const kept = await registry.register({ service: "pair", port: 1 }).ready();
  const gone = await registry.register({ service: "pair", port: 2 }).ready();
  await gone.deregister();
  assert.deepEqual(ids(await server.instances("pair")), [kept.id]);
});

test("when nothing is registered any more, there is no heartbeat", async () => {
  await using registry = connect({ heartbeatMs: 50 });
  const registration = await registry.register({ service: "lonely", port: 1 }).ready();
  await until("the thread runs", () => threads() === 1);
  await registration.deregister();
  await until("the thread is gone", () => threads() === 0);
  assert.equal(registry.isRegistered, false);
  await registry.register({ service: "lonely", port: 2 }).ready();
  assert.equal(registry.isRegistered, true);
});

/** Threads of this process that aren't its own: each has a port for messages. */
function threads(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "Worker" || name === "MessagePort")
    .length;
}

test("a status can be changed", async () => {
  await using registry = connect();
  const registration = registry.register({ service: "warm", port: 1, status: "starting" });
  await registration.ready();
  registration.setStatus("up");
  await until("it is up", async () => (await server.instances("warm"))[0]?.status === "up");
});

test("configuration is followed and acknowledged", async () => {
  await using registry = connect();
  const item = await registry.config("shop/app.yaml").ready();
  assert.equal(item.value(), undefined);
  const told: unknown[] = [];
  item.onChange((value) => void told.push(value?.content));
  await server.request("PUT", "/configs/shop/app.yaml", { content: "a: 1", format: "yaml" });
  await until("it is told of", () => told.length === 1);
  assert.deepEqual(item.value(), { release: 1, format: "yaml", content: "a: 1" });
  await until("it is acknowledged", async () => (await reach())?.includes(1) ?? false);
  await server.request("DELETE", "/configs/shop/app.yaml");
  await until("it is removed", () => item.value() === undefined);
  assert.deepEqual(told, ["a: 1", undefined]);
});

test("a callback that throws is told to the registry, and is called again", async () => {
  await using registry = connect();
  const item = await registry.config("shop/bad.yaml").ready();
  const told: (string | undefined)[] = [];
  item.onChange((value) => {
    told.push(value?.content);
    if (value?.content === "bad: 1") {
      throw new Error("no such colour");
    }
  });
  await server.request("PUT", "/configs/shop/bad.yaml", { content: "bad: 1", format: "yaml" });
  const acknowledged = async () => {
    const { subscribers } = await server.request("GET", "/configs/shop/bad.yaml/subscribers");
    return subscribers[0]?.acknowledged;
  };
  await until("the error is told", async () => (await acknowledged())?.error === "no such colour");
  await server.request("PUT", "/configs/shop/bad.yaml", { content: "good: 1", format: "yaml" });
  await until("the next one is acknowledged", async () => (await acknowledged())?.release === 2);
  assert.equal((await acknowledged()).error, undefined);
  assert.deepEqual(told, ["bad: 1", "good: 1"]);
});

test("a callback that comes later is called with what is known, and its word counts", async () => {
  await using registry = connect();
  await server.request("PUT", "/configs/shop/late.yaml", { content: "a: 1", format: "yaml" });
  const item = await registry.config("shop/late.yaml").ready();
  const acknowledged = async () => {
    const { subscribers } = await server.request("GET", "/configs/shop/late.yaml/subscribers");
    return subscribers[0]?.acknowledged;
  };
  await until("it is taken over", async () => (await acknowledged())?.release === 1);
  const told: (string | undefined)[] = [];
  item.onChange((value) => {
    told.push(value?.content);
    throw new Error(`${"ü".repeat(511)}€`);
  });
  await until("its error is told", async () => (await acknowledged())?.error !== undefined);
  assert.equal((await acknowledged()).error, "ü".repeat(511), "cut at 1024 bytes, in whole characters");
  assert.deepEqual(told, ["a: 1"]);
  item.onChange((value) => void told.push(`second ${value?.content}`));
  await until("the second is called", () => told.length === 2);
  assert.deepEqual(told, ["a: 1", "second a: 1"]);
});

test("without a callback, what is taken over is acknowledged", async () => {
  await using registry = connect();
  await server.request("PUT", "/configs/shop/plain.yaml", { content: "a: 1", format: "yaml" });
  await registry.config("shop/plain.yaml").ready();
  await until("it is acknowledged", async () => {
    const { subscribers } = await server.request("GET", "/configs/shop/plain.yaml/subscribers");
    return subscribers[0]?.acknowledged?.release === 1;
  });
});

test("a pick that is dropped counts as a success, and one that is done counts once", async () => {
  await using registry = connect();
  await server.add("dropped", "one");
  const service = await registry.service("dropped").ready();
  const called: string[] = [];
  registry.onEvent((name, fields) => name === "called" && "outcome" in fields && called.push(fields.outcome));
  const pick = service.choose();
  pick.done("failure");
  pick.done("success");
  assert.deepEqual(called, ["failure"]);
  service.choose();
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  await until("it is noticed", () => {
    collect();
    return called.length === 2;
  });
  assert.deepEqual(called, ["failure", "success"]);
});

test("hooks and callbacks that throw are logged, and go no further", async () => {
  const logged: string[] = [];
  await using registry = connect({
    logger: { warn: (message: string) => logged.push(message) },
    onEvent() {
      throw new Error("hook");
    },
  });
  await server.add("throwing", "one");
  const service = await registry.service("throwing").ready();
  service.onChange(() => {
    throw new Error("callback");
  });
  await server.add("throwing", "two");
  await until("both are logged", () => logged.length >= 2);
  await until("the copy goes on", () => service.instances().length === 2);
  assert.match(logged.join(), /event listener.*onChange/s);
});

async function reach(): Promise<number[] | undefined> {
  const { subscribers } = await server.request("GET", "/configs/shop/app.yaml/subscribers");
  return subscribers.map((one: { acknowledged?: { release: number } }) => one.acknowledged?.release);
}

function ids(instances: readonly { id: string }[]): string[] {
  return instances.map(({ id }) => id);
}
