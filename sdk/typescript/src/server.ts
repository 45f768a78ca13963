/**
 * What the integrations for servers share: registering when a server listens, counting what it serves.
 *
 * @module
 */
import type { Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import type { Registration, RegisterOptions } from "./process/registration.js";
import type { Registry } from "./registry-client.js";

/** What is registered of a server; the port is the one it listens to unless it says otherwise. */
export type ServerRegistration = Omit<RegisterOptions, "port"> & { readonly port?: number };

/** Registers a server as soon as it listens. The answer is what was registered. */
export function registerServer(
  registry: Registry,
  server: Pick<Server, "listening" | "once" | "address">,
  options: ServerRegistration,
): Promise<Registration> {
  return new Promise((resolve, reject) => {
    const register = (): void => {
      try {
        const { port } = server.address() as AddressInfo;
        resolve(registry.register({ port, ...options }));
      } catch (error) {
        reject(error);
      }
    };
    if (server.listening) {
      register();
    } else {
      server.once("listening", register);
    }
  });
}

/** Counts a call from now until its answer is sent, or given up. A status of 500 and above is a failure. */
export function countServed(registry: Registry, response: ServerResponse): void {
  const served = registry.serving();
  response.once("close", () => served(response.statusCode >= 500));
}
