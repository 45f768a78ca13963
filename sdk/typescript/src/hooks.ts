/**
 * What happens in a client, told to whoever wants to measure or trace it.
 *
 * @module
 */
import type { Logger } from "./options.js";

/** What can happen, with what is told of it. Times are milliseconds. */
export interface RegistryEvents {
  /** The registry took a registration. */
  registered: { service: string; id: string };
  /** The session ended; with `id`, one instance of it was taken out. */
  deregistered: { session: string; id?: string };
  /** A stream was opened. */
  connected: { url: string };
  /** A stream ended. */
  disconnected: { url: string; reason: string };
  /** Something failed and is tried again. */
  retrying: { what: string; delayMs: number; reason: string };
  /** The copy on disk was read at the start. */
  "snapshot-loaded": { services: number; configs: number; ageMs: number };
  /** The registry began a new history; what was known is kept as unconfirmed for a minute. */
  reset: { epoch: string };
  /** Outlier detection takes an instance out. */
  ejected: { service: string; id: string; untilMs: number };
  /** An instance was chosen. */
  picked: { service: string; id: string };
  /** A call ended. `latencyMs` is there where it is known. */
  called: { service: string; id: string; outcome: "success" | "failure"; latencyMs?: number };
}

/** Called with each event. What it throws is logged and goes no further. */
export type EventListener = <Name extends keyof RegistryEvents>(
  name: Name,
  fields: RegistryEvents[Name],
) => void;

/** Those who listen. */
export class Hooks {
  private listeners: readonly EventListener[] = [];

  constructor(private readonly logger: Logger) {}

  /** Whether anybody listens: where telling costs something. */
  get active(): boolean {
    return this.listeners.length > 0;
  }

  /** Adds a listener; the answer removes it. */
  add(listener: EventListener): () => void {
    this.listeners = [...this.listeners, listener];
    return () => {
      this.listeners = this.listeners.filter((one) => one !== listener);
    };
  }

  emit<Name extends keyof RegistryEvents>(name: Name, fields: RegistryEvents[Name]): void {
    for (const listener of this.listeners) {
      guarded(this.logger, "an event listener", () => listener(name, fields));
    }
  }
}

/** Runs what belongs to somebody else: what it throws is logged and goes no further. */
export function guarded(logger: Logger, what: string, run: () => void): void {
  try {
    run();
  } catch (error) {
    logger.warn(`paste-registry: ${what} threw`, error);
  }
}
