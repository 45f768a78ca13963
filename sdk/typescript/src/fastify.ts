/**
 * Fastify: counts what a server serves, registers it when it listens, and closes the client with it. A server that is to
 * answer while it drains closes the client first: `await registry.close(); await app.close()`.
 *
 * ```ts
 * await app.register(pasteRegistry, { registry, service: "orders" });
 * await app.listen({ port: 8080 });
 * ```
 *
 * @packageDocumentation
 */
import type { FastifyPluginCallback } from "fastify";

import type { Registry } from "./registry-client.js";
import { countServed, registerServer, type ServerRegistration } from "./server.js";

/** Options of the plug-in. */
export interface PasteRegistryOptions extends Partial<ServerRegistration> {
  /** The client. It is closed before the server is. */
  readonly registry: Registry;
  /** What is registered when the server listens. Without it, calls are only counted. */
  readonly service?: string;
}

/** The plug-in. */
export const pasteRegistry: FastifyPluginCallback<PasteRegistryOptions> = (app, options, done) => {
  const { registry, service, ...registration } = options;
  app.addHook("onRequest", (_request, reply, next) => {
    countServed(registry, reply.raw);
    next();
  });
  if (service !== undefined) {
    app.addHook("onListen", async () => {
      await registerServer(registry, app.server, { ...registration, service });
    });
  }
  // From here on Fastify answers 503, which the client's wrappers try elsewhere.
  app.addHook("preClose", () => registry.close());
  done();
};

// Hooks are meant for the whole server, and not for the plug-in's own routes.
Object.assign(pasteRegistry, { [Symbol.for("skip-override")]: true });
