/**
 * One stream of the registry: opened, read, and opened again until it is closed.
 *
 * @module
 */
import { MILLISECOND } from "../choose/duration.js";
import { RefusedError, UnavailableError, asError } from "../errors.js";
import type { Copies, StreamEpoch } from "../copy/copies.js";
import { epochOf } from "../copy/copies.js";
import type { Hooks } from "../hooks.js";
import type { Settings } from "../options.js";
import type { Api } from "./api.js";
import { EventStreamReader } from "./event-stream.js";
import { Retry, pause } from "./retry.js";
import { untilAborted } from "./until-aborted.js";

/** A stream without a byte for this long is dead, in ms. */
const SILENCE_MAX_MS = 45_000;
/** An open stream speaks at least this often, in ms. */
const SILENCE_USUAL_MS = 20_000;
/** Subscriptions of one stream. */
export const SUBSCRIPTIONS_MAX = 100;

/** What streams need of the client. */
export interface WatchContext {
  readonly api: Api;
  readonly settings: Settings;
  readonly hooks: Hooks;
  readonly copies: Copies;
  /** The session that a stream may name now, if it follows configuration or not. */
  session(followsConfigs: boolean): string | undefined;
  /** Called when the registry doesn't know the session. */
  notRegistered(): void;
}

/** A stream that is open. */
interface Connection {
  readonly index: number;
  readonly stop: AbortController;
  readonly body: ReadableStream<Uint8Array>;
  readonly epoch: StreamEpoch;
  /** How often the stream had been renewed when it was opened. */
  readonly renewals: number;
  /** Settles when it has ended. */
  ended?: Promise<Error>;
}

/** Follows up to 100 services and configuration items. */
export class Watch {
  readonly services = new Set<string>();
  readonly configs = new Set<string>();
  /** Why the last try failed, while there is no stream. */
  failure: Error | undefined;
  private readonly stop = new AbortController();
  private wake = new AbortController();
  private current: Connection | undefined;
  /** How many streams are open: for a moment two, where one takes the place of another. */
  private open = 0;
  /** The last id, of a stream with so many renewals: another one has to begin from the start. */
  private resume: { readonly id: string; readonly renewals: number } | undefined;
  private lastByte: number | undefined;
  private renewals = 0;
  private running: Promise<void> | undefined;
  private readonly retry: Retry;
  private readonly forgetMoves: () => void;

  constructor(private readonly context: WatchContext) {
    this.retry = new Retry(context.settings.random);
    this.forgetMoves = context.api.addresses.onMove(() => this.wake.abort());
  }

  /** How many subscriptions there are. */
  get size(): number {
    return this.services.size + this.configs.size;
  }

  /** Opens the stream anew, with all that is subscribed to; the one that is open goes on until then. */
  renew(): void {
    this.renewals += 1;
    // What is subscribed to in one go is opened in one go.
    this.running ??= Promise.resolve().then(() => this.run());
    this.wake.abort();
  }

  /** How old what it told is, in ms; `undefined` if it has never told anything. */
  age(now: number): number | undefined {
    if (this.lastByte === undefined) {
      return undefined;
    }
    const silence = (now - this.lastByte) / MILLISECOND;
    return this.open > 0 && silence <= SILENCE_USUAL_MS ? 0 : silence;
  }

  /** Ends the stream. */
  async close(): Promise<void> {
    this.forgetMoves();
    this.stop.abort();
    this.wake.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stop.signal.aborted) {
      this.wake = new AbortController();
      const failed = this.isStale() ? await this.replace() : await this.whileOpen();
      if (failed && !this.stop.signal.aborted) {
        await this.wait(failed);
      }
    }
    await this.end(this.current);
  }

  private isStale(): boolean {
    const { current } = this;
    return (
      !current || current.renewals !== this.renewals || current.index !== this.context.api.addresses.index
    );
  }

  /** Opens a stream in place of the one that is open, if there is one. */
  private async replace(): Promise<Error | undefined> {
    try {
      const next = await this.connect();
      this.opened();
      await this.end(this.current);
      if (this.stop.signal.aborted) {
        next.stop.abort();
        this.closed();
        return undefined;
      }
      this.current = next;
      this.failure = undefined;
      this.context.hooks.emit("connected", { url: this.context.api.addresses.url(next.index) });
      next.ended = this.read(next);
      return undefined;
    } catch (thrown) {
      return asError(thrown);
    }
  }

  private opened(): void {
    this.open += 1;
    this.context.copies.opened(this.services);
  }

  private closed(): void {
    this.open -= 1;
    if (this.open === 0) {
      this.context.copies.closed(this.services);
    }
  }

  private async connect(): Promise<Connection> {
    const { api, settings } = this.context;
    const session = this.context.session(this.configs.size > 0);
    const body = {
      services: [...this.services],
      configs: [...this.configs],
      ...(session === undefined ? {} : { session }),
      ...(settings.zone === undefined ? {} : { zone: settings.zone }),
      labels: settings.labels,
    };
    const { renewals } = this;
    const resumed = this.resume?.renewals === renewals ? this.resume.id : undefined;
    const stop = new AbortController();
    const abort = (): void => stop.abort();
    this.stop.signal.addEventListener("abort", abort, { once: true });
    try {
      const { response, index } = await api.open("/watch", body, resumed, stop);
      const epoch = {
        epoch: resumed === undefined ? undefined : epochOf(resumed),
        undecided: new Set<never>(),
      };
      return { index, stop, body: response.body!, epoch, renewals };
    } finally {
      this.stop.signal.removeEventListener("abort", abort);
    }
  }

  /** Waits until the open stream ends, or something else is to be done. */
  private async whileOpen(): Promise<Error | undefined> {
    const { current, wake } = this;
    const woken = new Promise<undefined>((resolve) => {
      wake.signal.addEventListener("abort", () => resolve(undefined), { once: true });
    });
    const ended = await (wake.signal.aborted ? undefined : Promise.race([current!.ended!, woken]));
    if (ended) {
      this.current = undefined;
      const url = this.context.api.addresses.url(current!.index);
      this.context.hooks.emit("disconnected", { url, reason: ended.message });
      this.context.api.addresses.failed(current!.index);
    }
    return ended;
  }

  /** Reads events until the stream ends; gives why it did. */
  private async read(connection: Connection): Promise<Error> {
    const { stop, body } = connection;
    const reader = new EventStreamReader();
    const chunked = body.getReader();
    let chunks = 0;
    const silence = setTimeout(() => {
      const heard = chunks;
      // After a blocked event loop, timers come before the bytes that have been waiting.
      setImmediate(() => {
        if (heard === chunks) {
          stop.abort(new Error(`nothing was heard for ${SILENCE_MAX_MS / 1000} s`));
        }
      });
    }, SILENCE_MAX_MS);
    try {
      for (;;) {
        const { done, value: bytes } = await untilAborted(chunked.read(), stop.signal);
        if (done) {
          return new Error("the registry ended the stream");
        }
        chunks += 1;
        silence.refresh();
        this.lastByte = this.context.settings.clock.now();
        this.retry.succeeded(this.lastByte);
        this.take(reader, bytes, connection);
      }
    } catch (thrown) {
      return asError(thrown);
    } finally {
      clearTimeout(silence);
      stop.abort();
      this.closed();
    }
  }

  private take(reader: EventStreamReader, bytes: Uint8Array, { epoch, renewals }: Connection): void {
    try {
      for (const { event, data, id } of reader.read(bytes)) {
        this.context.copies.apply(epoch, event, data, this.services);
        if (id !== undefined) {
          this.resume = { id, renewals };
          this.context.copies.progress(epoch, id);
        }
      }
    } catch (cause) {
      // What can't be read may have been the way to what follows: begin from the start.
      this.resume = undefined;
      throw new UnavailableError("an event of the stream can't be read", { cause });
    }
  }

  private async end(connection: Connection | undefined): Promise<void> {
    connection?.stop.abort();
    await connection?.ended;
  }

  /** Waits before the next try. A registry that doesn't know the session hears of it first. */
  private async wait(error: Error): Promise<void> {
    const { settings, hooks } = this.context;
    this.failure = error;
    if (error instanceof RefusedError && error.isNotRegistered) {
      this.context.notRegistered();
    }
    const delayMs = this.retry.failed(error, settings.clock.now());
    hooks.emit("retrying", { what: "stream", delayMs, reason: error.message });
    await pause(delayMs, this.stop.signal);
  }
}
