/**
 * What a client is told when it connects, and what it makes of it.
 *
 * @module
 */
import { hostname } from "node:os";

import { SYSTEM_CLOCK, type Clock } from "./clock.js";
import { InvalidOptionError } from "./errors.js";
import type { EventListener } from "./hooks.js";
import { SystemRandom, hexadecimal, type RandomSource } from "./choose/random.js";

/** Where messages for people go. `console` will do. */
export interface Logger {
  /** Something that a person should know, and what it comes from. */
  warn(message: string, error?: unknown): void;
}

/** Options of `Registry.connect`. Everything may be left out. */
export interface ConnectOptions {
  /** Nodes of one registry. Default: `PASTE_REGISTRY_URL` (comma-separated), else `http://127.0.0.1:7750`. */
  readonly urls?: string | readonly string[];
  /** Sent as `Authorization: Bearer`. Default: `PASTE_REGISTRY_TOKEN`, else none. */
  readonly token?: string;
  /** Default: `default`. */
  readonly namespace?: string;
  /** The zone that this process runs in: its registrations are in it, and it prefers instances of it. */
  readonly zone?: string;
  /** The region that this process runs in. */
  readonly region?: string;
  /** What this process says of itself, for gray releases of configuration. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Where the copy is kept for a start without the registry. Default: nowhere. */
  readonly snapshotFolder?: string;
  /** Time between two heartbeats in ms, ±10 %. Default: 5000. */
  readonly heartbeatMs?: number;
  /** Limit in ms of each request to the registry, and of waiting for the first knowledge of a service. Default: 5000. */
  readonly requestTimeoutMs?: number;
  /** Time in ms between saying that this process drains and the end of its session. Default: 2000. */
  readonly drainDelayMs?: number;
  /** Limit in ms of all of `close`, drain delay included. Default: 10000. */
  readonly closeTimeoutMs?: number;
  /**
   * Signals on which the client closes, once something is registered. If nobody else listens to the signal, it is raised
   * again afterwards, so that the process ends as it would have. Default: `["SIGTERM", "SIGINT"]`; `[]` for none.
   */
  readonly signals?: readonly NodeJS.Signals[];
  /** Closes the client when it aborts. */
  readonly signal?: AbortSignal;
  /** Called with everything that happens, for metrics and tracing; see {@link RegistryEvents}. */
  readonly onEvent?: EventListener;
  /** Default: `console`. */
  readonly logger?: Logger;
}

/** What tests put in place of the machine's own. */
export interface Surroundings {
  /** Tells the time for ages and decisions; timers are the machine's. */
  readonly clock?: Clock;
  /** Draws for choosing, jitter and the id of the session. */
  readonly random?: RandomSource;
}

/** Options, filled in and checked. */
export interface Settings {
  readonly urls: readonly string[];
  readonly token: string | undefined;
  readonly namespace: string;
  readonly zone: string | undefined;
  readonly region: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly snapshotFolder: string | undefined;
  readonly heartbeatMs: number;
  readonly requestTimeoutMs: number;
  readonly drainDelayMs: number;
  readonly closeTimeoutMs: number;
  readonly signals: readonly NodeJS.Signals[];
  readonly logger: Logger;
  readonly session: string;
  readonly clock: Clock;
  readonly random: RandomSource;
}

const DEFAULT_URL = "http://127.0.0.1:7750";

/**
 * The settings that options make.
 *
 * @throws {@link InvalidOptionError} if one can't be used
 */
export function settle(options: ConnectOptions, { clock, random }: Surroundings): Settings {
  const source = random ?? new SystemRandom();
  return {
    urls: readUrls(options.urls ?? process.env["PASTE_REGISTRY_URL"] ?? DEFAULT_URL),
    token: options.token ?? (process.env["PASTE_REGISTRY_TOKEN"] || undefined),
    namespace: options.namespace ?? "default",
    zone: options.zone,
    region: options.region,
    labels: options.labels ?? {},
    snapshotFolder: options.snapshotFolder,
    heartbeatMs: positive("heartbeatMs", options.heartbeatMs, 5000),
    requestTimeoutMs: positive("requestTimeoutMs", options.requestTimeoutMs, 5000),
    drainDelayMs: positive("drainDelayMs", options.drainDelayMs, 2000, 0),
    closeTimeoutMs: positive("closeTimeoutMs", options.closeTimeoutMs, 10_000),
    signals: options.signals ?? ["SIGTERM", "SIGINT"],
    logger: options.logger ?? console,
    session: sessionId(source),
    clock: clock ?? SYSTEM_CLOCK,
    random: source,
  };
}

function readUrls(given: string | readonly string[]): string[] {
  const listed = typeof given === "string" ? given.split(",") : given;
  const urls = listed.map((url) => url.trim().replace(/\/+$/, "")).filter((url) => url !== "");
  const wrong = urls.find((url) => !/^https?:\/\//.test(url) || !URL.canParse(url));
  if (urls.length === 0 || wrong !== undefined) {
    throw new InvalidOptionError(`urls: ${JSON.stringify(wrong ?? given)} is no http:// or https:// address`);
  }
  return urls;
}

function positive(name: string, given: number | undefined, otherwise: number, least = 1): number {
  const value = given ?? otherwise;
  if (!Number.isFinite(value) || value < least || value > 2 ** 31 - 1) {
    throw new InvalidOptionError(`${name}: ${value} is no number of milliseconds from ${least} to 2^31 − 1`);
  }
  return value;
}

/** `<host name>-<process id>-<8 hexadecimal digits>`, of characters that names have. */
function sessionId(random: RandomSource): string {
  const host = hostname()
    .replace(/[^A-Za-z0-9._-]/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, 96);
  return `${host || "host"}-${process.pid}-${hexadecimal(random).slice(0, 8)}`;
}
