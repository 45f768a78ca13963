/**
 * The real registry as a process, for tests.
 *
 * @module
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { REPOSITORY } from "./vectors.js";
import { until } from "./waiting.js";

const BINARY =
  process.env["PASTE_REGISTRY_BIN"] ?? fileURLToPath(new URL("target/debug/paste-registry", REPOSITORY));

/** A registry on a port of its own, with its data in a folder of its own. */
export class RegistryProcess {
  private readonly folder = mkdtempSync(join(tmpdir(), "paste-registry-typescript-"));
  private child: ChildProcess | undefined;

  private constructor(readonly port: number) {}

  /** Starts one and waits until it answers. */
  static async start(): Promise<RegistryProcess> {
    const registry = new RegistryProcess(await freePort());
    await registry.restart();
    return registry;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts the process again on the same port. */
  async restart(options: { lostData?: boolean } = {}): Promise<void> {
    if (options.lostData) {
      rmSync(join(this.folder, "data"), { recursive: true, force: true });
    }
    const data = join(this.folder, "data");
    this.child = spawn(BINARY, ["serve", "--http", `127.0.0.1:${this.port}`, "--data-dir", data], {
      stdio: "ignore",
      env: withoutOwn(process.env),
    });
    await until("the registry answers", async () => (await fetch(`${this.url}/readyz`)).ok);
  }

  /** Ends the process as a crash does. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child && child.exitCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  }

  /** Asks the API; throws unless it answers with success. */
  async request(method: string, path: string, body?: unknown): Promise<any> {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: { "Content-Type": "application/json", Prefer: "handling=lenient" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) {
      throw new Error(`${method} ${path}: ${response.status} ${text}`);
    }
    return text === "" ? undefined : JSON.parse(text);
  }

  /** Registers an instance that stays until it is removed. */
  async add(service: string, id: string, fields: object = {}): Promise<void> {
    const body = { address: "127.0.0.1", port: 80, ephemeral: false, ...fields };
    await this.request("PUT", `/services/${service}/instances/${id}`, body);
  }

  /** All instances of a service, whatever their status. */
  async instances(service: string): Promise<{ id: string; status: string; health: string }[]> {
    const { instances } = await this.request("GET", `/services/${service}/instances?all=true`);
    return instances;
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The registry takes every `PASTE_REGISTRY_…` for one of its own settings. */
function withoutOwn(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !name.startsWith("PASTE_REGISTRY_")),
  );
}

/** A port that nobody listens to. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
