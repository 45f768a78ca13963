/**
 * HTTP servers that answer as a test wants: instances of services, and registries that misbehave.
 *
 * @module
 */
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A server on a port of its own. */
export class Backend implements AsyncDisposable {
  /** `METHOD path` of the requests that came. */
  readonly requests: string[] = [];

  private constructor(private readonly server: Server) {}

  static async start(listener: RequestListener): Promise<Backend> {
    const backend = new Backend(createServer());
    backend.server.on("request", (request, response) => {
      backend.requests.push(`${request.method} ${request.url}`);
      listener(request, response);
    });
    backend.server.listen(0, "127.0.0.1");
    await once(backend.server, "listening");
    return backend;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.server, "close");
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}

/** Answers every request alike. */
export function answering(status: number, body: string): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { "Content-Type": "text/plain" }).end(body);
  };
}
