/**
 * Acknowledging releases of configuration, until the registry has taken it.
 *
 * @module
 */
import { RefusedError, asError } from "../errors.js";
import type { Settings } from "../options.js";
import type { Api } from "../registry/api.js";
import { Retry, pause } from "../registry/retry.js";

/** What a process says of one release. */
interface Ack {
  readonly group: string;
  readonly key: string;
  readonly release: number;
  readonly error?: string;
}

/** Longest error that is told, in bytes of UTF-8. */
const ERROR_MAX = 1024;
const BATCH_MAX = 1000;

/** Acknowledgements of one session, the latest of each item. */
export class Acks {
  private readonly waiting = new Map<string, Ack>();
  private readonly stop = new AbortController();
  private readonly retry: Retry;
  private running: Promise<void> | undefined;

  constructor(
    private readonly api: Api,
    private readonly settings: Settings,
  ) {
    this.retry = new Retry(settings.random);
  }

  /** Acknowledges a release of `name`, `group/key`, or says why it couldn't be applied. */
  add(name: string, release: number, error?: unknown): void {
    if (this.stop.signal.aborted) {
      return;
    }
    const slash = name.indexOf("/");
    const reason = error === undefined ? {} : { error: cut(asError(error).message) };
    this.waiting.set(name, { group: name.slice(0, slash), key: name.slice(slash + 1), release, ...reason });
    this.running ??= Promise.resolve().then(() => this.run());
  }

  /** Gives up what couldn't be sent. */
  async close(): Promise<void> {
    this.stop.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.waiting.size > 0 && !this.stop.signal.aborted) {
      const batch = [...this.waiting].slice(0, BATCH_MAX);
      const delayMs = await this.send(batch.map(([, ack]) => ack));
      if (delayMs !== undefined) {
        await pause(delayMs, this.stop.signal);
        continue;
      }
      for (const [name, ack] of batch) {
        if (this.waiting.get(name) === ack) {
          this.waiting.delete(name);
        }
      }
    }
    this.running = undefined;
  }

  /** Sends a batch; gives the wait before the next try in ms if it has to be sent again. */
  private async send(acks: readonly Ack[]): Promise<number | undefined> {
    const { clock, logger, session } = this.settings;
    try {
      await this.api.send({
        method: "POST",
        path: "/configs/acks",
        body: { session, acks },
        action: "acknowledge configuration",
        signal: this.stop.signal,
      });
      this.retry.succeeded(clock.now());
      return undefined;
    } catch (thrown) {
      if (thrown instanceof RefusedError) {
        if (thrown.status !== 404) {
          logger.warn("paste-registry: configuration isn't acknowledged", thrown);
        }
        return undefined;
      }
      return this.retry.failed(thrown, clock.now());
    }
  }
}

/** The beginning of a text that is too long, in whole characters. */
function cut(text: string): string {
  const bytes = Buffer.alloc(ERROR_MAX);
  const { written } = new TextEncoder().encodeInto(text, bytes);
  return bytes.toString("utf8", 0, written);
}
