/**
 * undici: an interceptor that sends `http://orders/path` to an instance of `orders`.
 *
 * ```ts
 * const dispatcher = new Agent().compose(serviceInterceptor(registry));
 * await request("http://orders/path", { dispatcher });
 * ```
 *
 * @packageDocumentation
 */
import type { Dispatcher } from "undici";

import type { Attempts, Ending } from "./call/attempts.js";
import { ConnectTimeoutError, asError } from "./errors.js";
import type { ChooseOptions } from "./service.js";
import type { Registry } from "./registry-client.js";

/** Options of the interceptor. */
export interface ServiceInterceptorOptions {
  /**
   * Whether a host is the name of a service; others go their own way. Default: names without a dot but `localhost`, and
   * only where the address has no port.
   */
  readonly isService?: (host: string) => boolean;
  /** What is asked of the instance, beside what the headers of the request say. */
  readonly choose?: (
    options: Dispatcher.DispatchOptions,
  ) => Omit<ChooseOptions, "headers" | "exclude" | "trace">;
}

type Controller = Dispatcher.DispatchController;

/** An interceptor for `dispatcher.compose`. Retries, time-outs and connect time-outs are those of the policy. */
export function serviceInterceptor(
  registry: Registry,
  options: ServiceInterceptorOptions = {},
): Dispatcher.DispatcherComposeInterceptor {
  const isService = options.isService ?? ((host) => /^[A-Za-z0-9_-]+$/.test(host) && host !== "localhost");
  return (dispatch) => (request, handler) => {
    const { protocol, host } = new URL(String(request.origin ?? "http://localhost"));
    if (!isService(host)) {
      return dispatch(request, handler);
    }
    const call = new Call(dispatch, request, handler, protocol);
    void call.start(registry, host, options.choose?.(request) ?? {});
    return true;
  };
}

/** One call, with all of its tries. */
class Call {
  private attempts: Attempts | undefined;

  constructor(
    private readonly dispatch: Dispatcher.Dispatch,
    private readonly request: Dispatcher.DispatchOptions,
    readonly handler: Dispatcher.DispatchHandler,
    private readonly protocol: string,
  ) {}

  async start(registry: Registry, host: string, choose: ChooseOptions): Promise<void> {
    const { body, idempotent, method } = this.request;
    const repeatable =
      body === undefined || body === null || typeof body === "string" || Buffer.isBuffer(body);
    const ask = { ...choose, headers: headersOf(this.request) };
    try {
      const service = await registry.service(host).ready();
      this.attempts = registry.attempts(service, ask, { method, repeatable, idempotent });
      this.next();
    } catch (error) {
      this.fail(asError(error));
    }
  }

  /** Sends the next try. */
  next(): void {
    const { host } = this.attempts!.next();
    const connectMs = this.attempts!.connectMs;
    const attempt = new Attempt(this, host, this.attempts!.remainingMs, connectMs);
    this.dispatch({ ...this.request, origin: `${this.protocol}//${host}` }, attempt);
  }

  /** Reports how a try ended; gives whether another one follows. */
  ended(ending: Ending, aborted: boolean): boolean {
    const waitMs = this.attempts!.ended(ending, aborted);
    if (waitMs === undefined) {
      return false;
    }
    setTimeout(() => {
      try {
        this.next();
      } catch (error) {
        this.fail(asError(error));
      }
    }, waitMs);
    return true;
  }

  private fail(error: Error): void {
    this.handler.onResponseError?.(NO_CONTROLLER, error);
  }
}

/** One try. Once it is over, what still comes of it is passed over. */
class Attempt implements Dispatcher.DispatchHandler {
  private state: "waiting" | "answering" | "over" = "waiting";
  private controller: Controller | undefined;
  private readonly connectTimer: NodeJS.Timeout | undefined;
  private readonly timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly call: Call,
    host: string,
    limitMs: number | undefined,
    connectMs: number | undefined,
  ) {
    this.timer = after(limitMs, () => this.expire(new DOMException("no answer in time", "TimeoutError")));
    this.connectTimer = after(connectMs, () => this.expire(new ConnectTimeoutError(host)));
  }

  onRequestStart(controller: Controller, context: unknown): void {
    clearTimeout(this.connectTimer);
    this.controller = controller;
    if (this.state === "over") {
      controller.abort(new DOMException("the call went elsewhere", "AbortError"));
      return;
    }
    this.call.handler.onRequestStart?.(controller, context);
  }

  onRequestUpgrade(...all: Parameters<NonNullable<Dispatcher.DispatchHandler["onRequestUpgrade"]>>): void {
    this.settle("answering");
    this.call.ended({ status: all[1] }, false);
    this.call.handler.onRequestUpgrade?.(...all);
  }

  onResponseStart(
    controller: Controller,
    status: number,
    ...rest: [headers: Record<string, string | string[] | undefined>, statusMessage?: string]
  ): void {
    if (this.state === "over") {
      return;
    }
    if (status < 200) {
      this.call.handler.onResponseStart?.(controller, status, ...rest);
      return;
    }
    this.settle("answering");
    if (this.call.ended({ status }, false)) {
      this.state = "over";
      controller.abort(new DOMException("the call is sent again", "AbortError"));
      return;
    }
    this.call.handler.onResponseStart?.(controller, status, ...rest);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.state === "answering") {
      this.call.handler.onResponseData?.(controller, chunk);
    }
  }

  onResponseEnd(controller: Controller, trailers: Record<string, string | string[] | undefined>): void {
    if (this.state === "answering") {
      this.call.handler.onResponseEnd?.(controller, trailers);
    }
  }

  onResponseError(controller: Controller, error: Error): void {
    if (this.state === "over") {
      return;
    }
    const again = this.state === "waiting" && this.call.ended({ error }, error.name === "AbortError");
    this.settle("over");
    if (!again) {
      this.call.handler.onResponseError?.(controller, error);
    }
  }

  /** Ends a try that took too long. One that isn't connected is ended as soon as it is. */
  private expire(error: Error): void {
    if (this.state !== "waiting") {
      return;
    }
    this.onResponseError(this.controller ?? NO_CONTROLLER, error);
    this.controller?.abort(error);
  }

  private settle(state: "answering" | "over"): void {
    this.state = state;
    clearTimeout(this.timer);
    clearTimeout(this.connectTimer);
  }
}

/** What a handler is given when there was no request. */
const NO_CONTROLLER: Controller = {
  aborted: false,
  paused: false,
  reason: null,
  abort() {},
  pause() {},
  resume() {},
};

function after(ms: number | undefined, run: () => void): NodeJS.Timeout | undefined {
  return ms === undefined ? undefined : setTimeout(run, ms);
}

/** Headers by name; those in a form that rules don't look at are left out. */
function headersOf({ headers }: Dispatcher.DispatchOptions): Record<string, string> {
  if (Array.isArray(headers)) {
    const flat = headers as readonly unknown[];
    const pairs = flat.flatMap((name, index) =>
      index % 2 === 0 ? [[String(name), String(flat[index + 1])]] : [],
    );
    return Object.fromEntries(pairs) as Record<string, string>;
  }
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)]));
}
