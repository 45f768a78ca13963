/**
 * Prints each change of a service and of a configuration item until Ctrl-C: `node watch.js [service] [group/key]`.
 *
 * @module
 */
import { once } from "node:events";

import { Registry } from "../src/index.js";

const [name = "hello", item = "shop/app.yaml"] = process.argv.slice(2);
await using registry = Registry.connect();

registry.service(name).onChange((instances) => {
  console.log(`${name}:`, instances.map(({ id, status, health }) => `${id} ${status} ${health}`).join(", "));
});
registry.config(item).onChange((value) => {
  console.log(`${item}:`, value ? `release ${value.release}\n${value.content}` : "removed");
});
await once(process, "SIGINT");
