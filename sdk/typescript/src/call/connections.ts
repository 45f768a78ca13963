/**
 * Tells when a request of `fetch` is on its connection: `fetch` itself says nothing of it, but the undici in it tells
 * diagnostics channels. Where it doesn't, there is no word, and so no time-out for connecting.
 *
 * @module
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";

/** Told of one request. */
export interface ConnectionListener {
  /** It waits for its connection. */
  connecting(): void;
  /** It is on its connection. */
  connected(): void;
}

/** What undici tells of a request. */
interface UndiciRequest {
  readonly method: string;
  readonly origin: string | URL;
  readonly path: string;
}

const CREATED = "undici:request:create";
const SENT = "undici:client:sendHeaders";

/** Listens to the requests of this process, and tells those apart that somebody expects. */
export class Connections {
  /** Those that aren't created yet, by method and address, the oldest first. */
  private readonly expected = new Map<string, ConnectionListener[]>();
  private readonly created = new WeakMap<object, ConnectionListener>();
  private readonly onCreated = (message: unknown): void => {
    const { request } = message as { request: UndiciRequest };
    const listener = this.expected.get(keyOf(request.method, String(request.origin), request.path))?.shift();
    if (listener) {
      this.created.set(request, listener);
      listener.connecting();
    }
  };
  private readonly onSent = (message: unknown): void => {
    this.created.get((message as { request: object }).request)?.connected();
  };

  constructor() {
    subscribe(CREATED, this.onCreated);
    subscribe(SENT, this.onSent);
  }

  /** Expects a request; the answer, to be called when it is over, stops that. */
  expect(method: string, url: URL, listener: ConnectionListener): () => void {
    const key = keyOf(method, url.origin, url.pathname + url.search);
    const listeners = this.expected.get(key) ?? [];
    listeners.push(listener);
    this.expected.set(key, listeners);
    return () => {
      const index = listeners.indexOf(listener);
      if (index >= 0) {
        listeners.splice(index, 1);
      }
      if (listeners.length === 0 && this.expected.get(key) === listeners) {
        this.expected.delete(key);
      }
    };
  }

  /** Listens no more. */
  close(): void {
    unsubscribe(CREATED, this.onCreated);
    unsubscribe(SENT, this.onSent);
  }
}

/** Requests that can't be told apart may be mistaken for each other: they are alike. */
function keyOf(method: string, origin: string, path: string): string {
  return `${method} ${origin}${path}`;
}
