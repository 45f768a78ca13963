/**
 * Prints who is in a service and how often each would be chosen: `node discover.js [service] [version range]`.
 *
 * @module
 */
import { NoInstanceError, Registry } from "../src/index.js";

const [name = "hello", version] = process.argv.slice(2);
await using registry = Registry.connect();
const service = await registry.service(name).ready();

for (const { id, address, port, version, status, health } of service.instances()) {
  console.log(`${id}\t${address}:${port}\t${version ?? "-"}\t${status}\t${health}`);
}
try {
  const counts = new Map<string, number>();
  for (let count = 0; count < 1000; count += 1) {
    using pick = service.choose(version === undefined ? {} : { version });
    counts.set(pick.instance.id, (counts.get(pick.instance.id) ?? 0) + 1);
  }
  console.log("of 1000 choices:", Object.fromEntries(counts));
} catch (error) {
  if (!(error instanceof NoInstanceError)) {
    throw error;
  }
  console.log(error.message);
}
