/**
 * The agent of the scenarios that all SDKs run: a JSON object a line from standard input, an answer a line on standard
 * output. Errors are answered as `{"error": …}`, and what is logged goes to standard error.
 *
 * @module
 */
import { createInterface } from "node:readline";

import { Registry, type RegisterOptions } from "./src/index.js";

/** A line of the input. */
interface Command {
  readonly do: string;
  readonly urls?: readonly string[];
  readonly snapshot_folder?: string;
  readonly services?: readonly string[];
  readonly configs?: readonly string[];
  readonly register?: RegisterOptions;
  readonly service?: string;
  readonly path?: string;
  readonly name?: string;
  readonly count?: number;
  readonly wait_ms?: number;
  readonly ms?: number;
}

/** `close` is answered within 12 s, this wait included. */
const CLOSE_MS = 11_500;

const events: string[] = [];
const before = resources();
let registry: Registry | undefined;

const commands: Record<string, (command: Command) => unknown> = {
  start({ urls = [], snapshot_folder: snapshotFolder, services = [], configs = [], register }) {
    const folder = snapshotFolder === undefined ? {} : { snapshotFolder };
    registry = Registry.connect({
      urls,
      ...folder,
      logger: { warn: (...message) => console.error(...message) },
      onEvent: (name) => events.push(name),
    });
    services.forEach((name) => registry!.service(name));
    configs.forEach((name) => registry!.config(name));
    registry.onEvent((name, fields) => console.error(name, JSON.stringify(fields)));
    if (register) {
      registry.register(register).ready().catch(console.error);
    }
    return { ok: true };
  },

  async instances({ service, wait_ms: waitMs = 0 }) {
    const known = await started().service(service!).ready(waitMs);
    return { ids: known.instances().map(({ id }) => id), age_ms: Math.round(known.age()) };
  },

  pick({ service, count = 1 }) {
    const picked: Record<string, number> = {};
    for (let index = 0; index < count; index += 1) {
      const pick = started().service(service!).choose();
      picked[pick.instance.id] = (picked[pick.instance.id] ?? 0) + 1;
      pick.done("success");
    }
    return { picked };
  },

  async call({ service, path = "/", count = 1 }) {
    let ok = 0;
    for (let index = 0; index < count; index += 1) {
      ok += (await isAnswered(`http://${service}${path}`)) ? 1 : 0;
    }
    return { ok, failed: count - ok };
  },

  async config({ name, wait_ms: waitMs = 0 }) {
    const value = (await started().config(name!).ready(waitMs)).value();
    return value ? { content: value.content, release: value.release } : { content: null };
  },

  registered: () => ({ registered: started().isRegistered }),

  block({ ms = 0 }) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
    return { ok: true };
  },

  events: () => ({ events }),

  async close() {
    const end = performance.now() + CLOSE_MS;
    await started().close();
    input.close();
    return { left: await leftBehind(end) };
  },
};

const input = createInterface({ input: process.stdin });
input.on("close", () => void registry?.close());
for await (const line of input) {
  process.stdout.write(`${JSON.stringify(await answer(line))}\n`);
}

async function answer(line: string): Promise<unknown> {
  try {
    const command = JSON.parse(line) as Command;
    const run = commands[command.do];
    return run ? await run(command) : { error: `unknown command ${command.do}` };
  } catch (error) {
    return { error: String(error) };
  }
}

function started(): Registry {
  if (!registry) {
    throw new Error("start comes first");
  }
  return registry;
}

async function isAnswered(url: string): Promise<boolean> {
  try {
    const response = await started().fetch(url);
    await response.text();
    return response.ok;
  } catch (error) {
    console.error(error);
    return false;
  }
}

/** What there is now and wasn't before the start, but for the input and this wait itself. */
async function leftBehind(end: number): Promise<string[]> {
  for (;;) {
    const left = resources();
    for (const name of before) {
      const index = left.indexOf(name);
      if (index >= 0) {
        left.splice(index, 1);
      }
    }
    if (left.length === 0 || performance.now() >= end) {
      return left;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What keeps the event loop busy. */
function resources(): string[] {
  return process.getActiveResourcesInfo().filter((name) => !/^(Pipe|TTY|FSReq|Immediate)/.test(name));
}
