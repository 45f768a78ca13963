/**
 * What the main thread and the heartbeat's thread tell each other.
 *
 * @module
 */
import type { ApiSettings } from "../registry/api.js";
import type { NumberedReport } from "./report.js";

/** What the thread starts with. */
export interface HeartbeatSettings extends ApiSettings {
  readonly urls: readonly string[];
  /** Which address holds, shared with the main thread. */
  readonly place: SharedArrayBuffer;
  readonly session: string;
  readonly heartbeatMs: number;
}

/** From the main thread: what the next heartbeat is to carry. */
export type ToHeartbeat = NumberedReport;

/** From the heartbeat's thread. */
export type FromHeartbeat =
  /** A heartbeat is due: say what it is to carry. */
  | { readonly kind: "due" }
  /** The registry took a heartbeat, with pieces up to `last` if it carried a report. */
  | { readonly kind: "taken"; readonly last: number | undefined }
  /** The registry doesn't know the session. */
  | { readonly kind: "lost" }
  /** It failed and is tried again. */
  | { readonly kind: "failed"; readonly reason: string; readonly delayMs: number }
  /** Another address holds. */
  | { readonly kind: "moved" };
