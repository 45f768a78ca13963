/**
 * The programs in `samples/`, and the agent of the scenarios, as processes.
 *
 * @module
 */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { after, before, test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";

import { RegistryProcess, freePort } from "./support/registry-process.js";
import { until } from "./support/waiting.js";

let server: RegistryProcess;

before(async () => {
  server = await RegistryProcess.start();
});
after(() => server.remove());

/** A program that runs, with what it has printed so far. */
class Program {
  readonly lines: string[] = [];
  readonly child: ChildProcess;

  constructor(t: TestContext, path: string, ...given: string[]) {
    const folder = mkdtempSync(`${tmpdir()}/paste-registry-typescript-`);
    this.child = spawn(process.execPath, [fileURLToPath(new URL(path, import.meta.url)), ...given], {
      cwd: folder,
      env: { ...process.env, PASTE_REGISTRY_URL: server.url },
      stdio: ["pipe", "pipe", "ignore"],
    });
    createInterface({ input: this.child.stdout! }).on("line", (line) => this.lines.push(line));
    t.after(() => {
      this.child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    });
  }

  async printed(pattern: RegExp): Promise<void> {
    await until(`${pattern} is printed`, () => this.lines.some((line) => pattern.test(line)));
  }

  async interrupt(): Promise<void> {
    this.child.kill("SIGINT");
    await this.ended();
  }

  async ended(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      await once(this.child, "exit");
    }
  }
}

test("the samples find each other", async (t) => {
  const watch = new Program(t, "../samples/watch.js", "hello", "shop/app.yaml");
  const register = new Program(t, "../samples/register.js", String(await freePort()));
  await register.printed(/^registered as/);
  await watch.printed(/^hello: .* up passing$/);
  await server.request("PUT", "/configs/shop/app.yaml", { content: "a: 1", format: "yaml" });
  await watch.printed(/^a: 1$/);

  const discover = new Program(t, "../samples/discover.js", "hello", "^1");
  await discover.ended();
  assert.match(discover.lines.join("\n"), /up\tpassing\nof 1000 choices: .*: 1000/);

  const failover = new Program(t, "../samples/failover.js");
  await failover.printed(/^200 hello from port/);
  await failover.interrupt();
  await watch.interrupt();
  await register.interrupt();
  assert.deepEqual(await server.instances("hello"), []);
});

test("the agent answers each command with a line", async (t) => {
  const agent = new Program(t, "../scenario.js");
  const ask = async (command: object): Promise<any> => {
    const before = agent.lines.length;
    agent.child.stdin!.write(`${JSON.stringify(command)}\n`);
    await until("it answers", () => agent.lines.length > before);
    return JSON.parse(agent.lines[before]!);
  };
  const register = { service: "own", address: "127.0.0.1", port: server.port, id: "i1" };
  assert.match((await ask({ do: "registered" })).error, /start comes first/);
  assert.deepEqual(
    await ask({ do: "start", urls: [server.url], services: ["own"], configs: ["g/k"], register }),
    {
      ok: true,
    },
  );
  await until("it is registered", async () => (await ask({ do: "registered" })).registered);
  await until("it is known", async () => {
    const { ids } = await ask({ do: "instances", service: "own", wait_ms: 20_000 });
    return ids?.join() === "i1";
  });
  assert.deepEqual(await ask({ do: "pick", service: "own", count: 3 }), { picked: { i1: 3 } });
  const call = { do: "call", service: "own", path: "/readyz", count: 2 };
  assert.deepEqual(await ask(call), { ok: 2, failed: 0 });
  assert.deepEqual(await ask({ do: "config", name: "g/k", wait_ms: 20_000 }), { content: null });
  assert.deepEqual(await ask({ do: "block", ms: 1 }), { ok: true });
  assert.ok((await ask({ do: "events" })).events.includes("registered"));
  assert.match((await ask({ do: "fly" })).error, /unknown command/);
  assert.deepEqual(await ask({ do: "close" }), { left: [] });
  await agent.ended();
  assert.equal(agent.child.exitCode, 0);
});
