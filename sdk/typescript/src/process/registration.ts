/**
 * One instance of this process, kept registered.
 *
 * @module
 */
import type { Status } from "../choose/instance.js";
import { ClosedError, InvalidOptionError, RefusedError, UnavailableError, asError } from "../errors.js";
import type { Hooks } from "../hooks.js";
import type { Settings } from "../options.js";
import type { Api } from "../registry/api.js";
import { Retry, pause } from "../registry/retry.js";
import { addressTowards } from "./own-address.js";

/** How the registry probes an instance by itself. Durations are such as `"10s"`. */
export interface Check {
  readonly type: "http" | "tcp" | "grpc";
  /** http: path and query. Default: `/`. */
  readonly path?: string;
  /** grpc: the service asked for. Default: the whole server. */
  readonly service?: string;
  /** Default: the instance's own. */
  readonly port?: number;
  /** From `1s` to `1h`. Default: `10s`, `2s` while changing. */
  readonly interval?: string;
  /** At most `1m`. Default: `2s`, tcp `1s`. */
  readonly timeout?: string;
}

/** What is registered. */
export interface RegisterOptions {
  /** The service: 1 to 128 characters of `[A-Za-z0-9._-]`. */
  readonly service: string;
  /** The main port. */
  readonly port: number;
  /** An IP address or a host name. Default: the one from which this machine reaches the registry. */
  readonly address?: string;
  /** Default: the session and the port. */
  readonly id?: string;
  /** The semantic version of the running code. */
  readonly version?: string;
  /** Default: that of the client. */
  readonly zone?: string;
  /** Default: that of the client. */
  readonly region?: string;
  /** Its share of traffic relative to its siblings, 0 to 10000. Default: 100. */
  readonly weight?: number;
  /** Words to select by, at most 64. */
  readonly tags?: readonly string[];
  /** Pairs to select by, at most 64. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** What it speaks on `port`. */
  readonly protocol?: string;
  /** Further ports by name. */
  readonly ports?: Readonly<Record<string, number>>;
  /** How the registry probes it, at most 8. */
  readonly checks?: readonly Check[];
  /** Default: `up`. Begin with `starting` and call {@link Registration.setStatus} when it can answer. */
  readonly status?: Status;
}

/** Silence of the session after which its instances are failing. */
const TTL = "15s";

/** What a registration needs of the client. */
export interface RegistrationContext {
  readonly api: Api;
  readonly settings: Settings;
  readonly hooks: Hooks;
  /** Called when the registry has taken it, and when a try failed. */
  registered(taken: boolean): void;
  /** Called when it is taken out. */
  deregistered(registration: Registration): void;
}

/** An instance that is registered, or will be as soon as the registry can be reached. */
export class Registration {
  /** The service that it is an instance of. */
  readonly service: string;
  /** Its id within the service. */
  readonly id: string;
  private readonly body: Record<string, unknown>;
  private readonly stop = new AbortController();
  private readonly retry: Retry;
  private running: Promise<void> | undefined;
  private again = false;
  private outcome: { ready: true } | { error: Error } | undefined;
  private waiting: (() => void)[] = [];

  /** @internal */
  constructor(
    private readonly context: RegistrationContext,
    options: RegisterOptions,
  ) {
    const { settings } = context;
    this.service = options.service;
    this.id = options.id ?? `${settings.session}-${options.port}`;
    this.body = bodyOf(options, settings);
    this.retry = new Retry(settings.random);
  }

  /** Whether the registry has taken it. */
  get isRegistered(): boolean {
    return this.outcome !== undefined && "ready" in this.outcome;
  }

  /**
   * Waits until the registry has taken it.
   *
   * @throws {@link RefusedError} if it never will; {@link ClosedError} if the client closes before
   */
  async ready(): Promise<this> {
    while (!this.outcome) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    if ("error" in this.outcome) {
      throw this.outcome.error;
    }
    return this;
  }

  /** Says that the instance is `up`, `starting`, `draining`, `down` or in `maintenance`; returns at once. */
  setStatus(status: Status): void {
    this.body["status"] = status;
    this.register();
  }

  /**
   * Takes this instance out of the registry. The others of the process stay.
   *
   * @throws {@link RefusedError} or {@link UnavailableError} if the registry didn't take it out; the ttl will then, if no
   * other instance keeps the session alive
   */
  async deregister(): Promise<void> {
    await this.abandon();
    this.context.deregistered(this);
    await this.send("DELETE", undefined, "deregister");
    const { hooks, settings } = this.context;
    hooks.emit("deregistered", { session: settings.session, id: this.id });
  }

  /** Registers, now and until it is there; what changed meanwhile is sent afterwards. @internal */
  register(): void {
    this.again = true;
    this.running ??= this.run();
  }

  /** Says that this instance drains, once. @internal */
  async drain(signal: AbortSignal): Promise<void> {
    this.body["status"] = "draining";
    await this.send("PATCH", { status: "draining" }, "drain", signal);
  }

  /** Registers no more. @internal */
  async abandon(): Promise<void> {
    this.stop.abort();
    this.settle(this.outcome ?? { error: new ClosedError() });
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.again && !this.stop.signal.aborted) {
      this.again = false;
      try {
        const address = this.body["address"] ?? (await this.ownAddress());
        await this.send("PUT", { ...this.body, address }, "register", this.stop.signal);
        this.taken();
      } catch (thrown) {
        await this.failed(asError(thrown));
      }
    }
    this.running = undefined;
  }

  /** The address towards the node in use; another node may be reached another way. */
  private async ownAddress(): Promise<string> {
    const { api, settings } = this.context;
    const { index } = api.addresses;
    const url = api.addresses.url(index);
    const limit = AbortSignal.timeout(settings.requestTimeoutMs);
    try {
      return await addressTowards(url, AbortSignal.any([this.stop.signal, limit]));
    } catch (cause) {
      if (!this.stop.signal.aborted) {
        api.addresses.failed(index);
      }
      throw new UnavailableError(`could not find the address of this machine towards ${url}`, { cause });
    }
  }

  private taken(): void {
    const { hooks, settings } = this.context;
    this.retry.succeeded(settings.clock.now());
    this.settle({ ready: true });
    this.context.registered(true);
    hooks.emit("registered", { service: this.service, id: this.id });
  }

  private async failed(error: Error): Promise<void> {
    if (this.stop.signal.aborted) {
      return;
    }
    const { hooks, settings } = this.context;
    this.context.registered(false);
    if (error instanceof RefusedError && error.status !== 404) {
      settings.logger.warn(`paste-registry: ${this.service}/${this.id} is not registered`, error);
      this.settle({ error });
      return;
    }
    const delayMs = this.retry.failed(error, settings.clock.now());
    hooks.emit("retrying", { what: `registration of ${this.id}`, delayMs, reason: error.message });
    await pause(delayMs, this.stop.signal);
    this.again = true;
  }

  private settle(outcome: NonNullable<typeof this.outcome>): void {
    this.outcome = outcome;
    const { waiting } = this;
    this.waiting = [];
    for (const resolve of waiting) {
      resolve();
    }
  }

  private async send(
    method: "PUT" | "PATCH" | "DELETE",
    body: unknown,
    verb: string,
    signal?: AbortSignal,
  ): Promise<void> {
    const path = `/services/${encodeURIComponent(this.service)}/instances/${encodeURIComponent(this.id)}`;
    const action = `${verb} ${this.service}/${this.id}`;
    const accepts = (answer: unknown): boolean => (answer as { id?: unknown } | undefined)?.id === this.id;
    await this.context.api.send({
      method,
      path,
      body,
      action,
      signal,
      ...(method === "PUT" ? { accepts } : {}),
    });
  }
}

function bodyOf(options: RegisterOptions, settings: Settings): Record<string, unknown> {
  const { service, id: _, ...rest } = options;
  if (!service || !Number.isInteger(options.port)) {
    throw new InvalidOptionError("register: service and port must be given");
  }
  return {
    ...(settings.zone === undefined ? {} : { zone: settings.zone }),
    ...(settings.region === undefined ? {} : { region: settings.region }),
    ...rest,
    session: settings.session,
    ttl: TTL,
  };
}
