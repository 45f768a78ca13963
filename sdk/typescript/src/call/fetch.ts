/**
 * The `fetch` that sends `http://orders/path` to an instance of `orders`.
 *
 * @module
 */
import { ConnectTimeoutError } from "../errors.js";
import { pause } from "../registry/retry.js";
import type { Settings } from "../options.js";
import type { ChooseOptions, Service } from "../service.js";
import { Attempts } from "./attempts.js";
import { Connections } from "./connections.js";
import { parseTarget, type Target } from "./target.js";

/** What a call says beside what `fetch` knows. */
export interface CallInit extends RequestInit {
  /** What is asked of the instance, and the key for hashing. The headers of the call are looked at, too. */
  readonly choose?: Omit<ChooseOptions, "headers" | "exclude" | "trace">;
  /** Whether the call may be sent again though it may have been carried out. Default: as the method says. */
  readonly idempotent?: boolean;
  /** Headers of the request that this call is made for: `traceparent`, `tracestate` and `baggage` are passed on. */
  readonly incoming?: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Headers that let tracing follow a call. */
const TRACING = ["traceparent", "tracestate", "baggage"];

/** Sends calls to instances. */
export class Caller {
  private connections: Connections | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly service: (name: string) => Service,
    private readonly closed: AbortSignal,
  ) {}

  /** See `Registry.fetch`. */
  async fetch(url: string | URL, init: CallInit = {}): Promise<Response> {
    const { choose, idempotent, incoming, ...rest } = init;
    const target = parseTarget(String(url));
    const service = await this.service(target.service).ready();
    const headers = withTracing(new Headers(init.headers), incoming);
    const method = (init.method ?? "GET").toUpperCase();
    const repeatable = !(init.body instanceof ReadableStream) && !isIterable(init.body);
    const ask = { ...choose, headers: Object.fromEntries(headers) };
    const attempts = new Attempts(service, this.settings, ask, { method, repeatable, idempotent });
    for (;;) {
      const { host } = attempts.next();
      const response = await this.attempt(attempts, target, host, { ...rest, headers });
      if (response instanceof Response) {
        return response;
      }
      await pause(response.waitMs, this.closed);
    }
  }

  /** Listens to connections no more. */
  close(): void {
    this.connections?.close();
  }

  /** One try: an answer for the caller, or the wait before the next try. */
  private async attempt(
    attempts: Attempts,
    { scheme, rest }: Target,
    host: string,
    init: RequestInit,
  ): Promise<Response | { waitMs: number }> {
    const url = new URL(`${scheme}://${host}${rest}`);
    const stop = new AbortController();
    const release = this.limit(stop, attempts, url, init);
    try {
      // The caller may give up the body, too, so that its signal stays.
      const signal = init.signal ? AbortSignal.any([init.signal, stop.signal]) : stop.signal;
      const response = await fetch(url, { ...init, signal });
      const waitMs = attempts.ended({ status: response.status });
      if (waitMs === undefined) {
        return response;
      }
      await response.body?.cancel();
      return { waitMs };
    } catch (error) {
      const waitMs = attempts.ended({ error }, init.signal?.aborted ?? false);
      if (waitMs === undefined) {
        throw error;
      }
      return { waitMs };
    } finally {
      release();
    }
  }

  /** Aborts `stop` when connecting or the head of the answer takes too long, until the answer is called. */
  private limit(stop: AbortController, attempts: Attempts, url: URL, init: RequestInit): () => void {
    const { connectMs, remainingMs } = attempts;
    const late = (): void => stop.abort(new DOMException("no answer in time", "TimeoutError"));
    const timer = remainingMs === undefined ? undefined : setTimeout(late, remainingMs);
    let connectTimer: NodeJS.Timeout | undefined;
    this.connections ??= new Connections();
    const forget = this.connections.expect(init.method?.toUpperCase() ?? "GET", url, {
      connecting() {
        const unreachable = (): void => stop.abort(new ConnectTimeoutError(url.host));
        connectTimer = connectMs === undefined ? undefined : setTimeout(unreachable, connectMs);
      },
      connected: () => clearTimeout(connectTimer),
    });
    return () => {
      clearTimeout(timer);
      clearTimeout(connectTimer);
      forget();
    };
  }
}

function withTracing(headers: Headers, incoming: CallInit["incoming"]): Headers {
  for (const name of incoming ? TRACING : []) {
    const value = incoming instanceof Headers ? incoming.get(name) : incoming![name];
    if (value && !headers.has(name)) {
      headers.set(name, typeof value === "string" ? value : value.join(","));
    }
  }
  return headers;
}

/** Bodies that are read as they are sent can't be sent twice; texts and buffers can. */
function isIterable(body: unknown): boolean {
  return typeof body === "object" && body !== null && Symbol.asyncIterator in body;
}
