/**
 * The heartbeat, in a thread of its own: it goes on while the main thread's event loop is blocked.
 *
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";

import { SystemRandom, unit } from "../choose/random.js";
import { SYSTEM_CLOCK } from "../clock.js";
import { RefusedError, asError } from "../errors.js";
import { Addresses } from "../registry/addresses.js";
import { Api } from "../registry/api.js";
import { Retry, pause } from "../registry/retry.js";
import type { FromHeartbeat, HeartbeatSettings, ToHeartbeat } from "./heartbeat-messages.js";

/** How long the main thread has to say what a heartbeat carries, in ms. One that is blocked doesn't. */
const REPORT_WITHIN_MS = 250;
/** A heartbeat comes up to this much earlier or later. */
const SPREAD = 0.1;

const settings = workerData as HeartbeatSettings;
const random = new SystemRandom();
const addresses = new Addresses(settings.urls, settings.place);
const api = new Api(settings, addresses, SYSTEM_CLOCK.now);
const retry = new Retry(random);
let report: ToHeartbeat | undefined;
let lastTaken = -1;
let arrived = new AbortController();

addresses.onMove(() => tell({ kind: "moved" }));
parentPort!.on("message", (message: ToHeartbeat) => {
  report = message;
  arrived.abort();
});

for (;;) {
  await pause(await beat(), new AbortController().signal);
}

/** Sends one heartbeat; gives the wait before the next in ms. */
async function beat(): Promise<number> {
  arrived = new AbortController();
  tell({ kind: "due" });
  await pause(REPORT_WITHIN_MS, arrived.signal);
  // A late report may carry what an earlier heartbeat has told already.
  const carried = report && report.first > lastTaken ? report : undefined;
  try {
    await api.send({
      method: "POST",
      path: `/sessions/${encodeURIComponent(settings.session)}/heartbeat`,
      body: carried?.body ?? {},
      action: "send a heartbeat",
      accepts: (answer) => answer === undefined || typeof answer === "object",
    });
  } catch (thrown) {
    return failed(asError(thrown));
  }
  lastTaken = carried?.last ?? lastTaken;
  retry.succeeded(SYSTEM_CLOCK.now());
  tell({ kind: "taken", last: carried?.last });
  return interval();
}

/** A heartbeat that fails is tried again no later than the next one is due. */
function failed(error: Error): number {
  if (error instanceof RefusedError && error.isNotRegistered) {
    tell({ kind: "lost" });
    return interval();
  }
  const delayMs = Math.min(retry.failed(error, SYSTEM_CLOCK.now()), interval());
  tell({ kind: "failed", reason: error.message, delayMs });
  return delayMs;
}

function interval(): number {
  return settings.heartbeatMs * (1 - SPREAD + 2 * SPREAD * unit(random));
}

function tell(message: FromHeartbeat): void {
  parentPort!.postMessage(message);
}
