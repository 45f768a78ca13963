/**
 * Calls a service over and over, and tells who answered and what was tried again: stop an instance, or the registry, and
 * watch. `node failover.js [service]`.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";

import { Registry } from "../src/index.js";

const [name = "hello"] = process.argv.slice(2);
await using registry = Registry.connect({ snapshotFolder: ".paste-registry" });
registry.onEvent((event, fields) => console.log(event, fields));

let stopping = false;
process.once("SIGINT", () => (stopping = true));
while (!stopping) {
  try {
    const response = await registry.fetch(`http://${name}/`);
    console.log(response.status, (await response.text()).trim());
  } catch (error) {
    console.log(String(error));
  }
  await sleep(500);
}
