/**
 * Express: counts what a server serves, and registers it when it listens.
 *
 * ```ts
 * const app = express();
 * app.use(pasteRegistry(registry));
 * registerServer(registry, app.listen(8080), { service: "orders" });
 * ```
 *
 * @packageDocumentation
 */
import type { RequestHandler } from "express";

import type { Registry } from "./registry-client.js";
import { countServed } from "./server.js";

export { registerServer, type ServerRegistration } from "./server.js";

/** Middleware that counts calls for the heartbeat: to be used before all others. */
export function pasteRegistry(registry: Registry): RequestHandler {
  return (_request, response, next) => {
    countServed(registry, response);
    next();
  };
}
