/**
 * Registers an HTTP server and keeps it registered until Ctrl-C: `node register.js [port]`.
 *
 * @module
 */
import { createServer } from "node:http";

import { Registry } from "../src/index.js";

const port = Number(process.argv[2] ?? 8080);
const registry = Registry.connect();
const server = createServer((_request, response) => {
  const served = registry.serving();
  response.once("close", () => served(response.statusCode >= 500));
  response.end(`hello from port ${port}\n`);
}).listen(port);

const registration = await registry.register({ service: "hello", port, version: "1.0.0" }).ready();
console.log(`registered as ${registration.id}; stop with Ctrl-C`);
registry.onEvent((name) => name === "deregistered" && server.close());
