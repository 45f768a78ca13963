/**
 * The main thread's side of the heartbeat.
 *
 * @module
 */
import { Worker } from "node:worker_threads";

import type { Logger, Settings } from "../options.js";
import type { Addresses } from "../registry/addresses.js";
import type { FromHeartbeat, HeartbeatSettings } from "./heartbeat-messages.js";
import type { Report } from "./report.js";

/** Told of what became of heartbeats. */
export interface HeartbeatListener {
  taken(): void;
  /** The registry doesn't know the session: everything has to be registered again. */
  lost(): void;
  failed(reason: string, delayMs: number): void;
}

/** A thread is started again after this long, in ms. */
const RESTART_AFTER_MS = 1000;
const MEMORY_MB = 64;

/** Keeps one session alive, from {@link start} to {@link stop}. */
export class Heartbeat {
  private worker: Worker | undefined;
  private restart: NodeJS.Timeout | undefined;
  private wanted = false;

  constructor(
    private readonly settings: Settings,
    private readonly addresses: Addresses,
    private readonly report: Report,
    private readonly listener: HeartbeatListener,
  ) {}

  /** Starts the thread unless it runs. It doesn't keep the process alive. */
  start(): void {
    this.wanted = true;
    if (this.worker) {
      return;
    }
    const worker = new Worker(new URL("./heartbeat-worker.js", import.meta.url), {
      name: "paste-registry heartbeat",
      workerData: this.workerData(),
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
      // What the process was started with, such as a debugger, isn't meant for this thread.
      execArgv: [],
    });
    worker.unref();
    worker.on("message", (message: FromHeartbeat) => this.take(worker, message));
    worker.on("error", (error) => warn(this.settings.logger, error));
    worker.on("exit", () => this.exited());
    this.worker = worker;
  }

  /** Ends the thread. */
  async stop(): Promise<void> {
    this.wanted = false;
    clearTimeout(this.restart);
    await this.worker?.terminate();
  }

  private workerData(): HeartbeatSettings {
    const { heartbeatMs, namespace, requestTimeoutMs, session, token } = this.settings;
    const { shared: place, urls } = this.addresses;
    return { heartbeatMs, namespace, place, requestTimeoutMs, session, token, urls };
  }

  private take(worker: Worker, message: FromHeartbeat): void {
    switch (message.kind) {
      case "due":
        return worker.postMessage(this.report.next());
      case "taken":
        if (message.last !== undefined) {
          this.report.taken(message.last);
        }
        return this.listener.taken();
      case "lost":
        return this.listener.lost();
      case "failed":
        return this.listener.failed(message.reason, message.delayMs);
      case "moved":
        return this.addresses.moved();
    }
  }

  /** A thread that ended by itself, because memory ran out, is started anew. */
  private exited(): void {
    this.worker = undefined;
    if (this.wanted) {
      this.restart = setTimeout(() => this.start(), RESTART_AFTER_MS);
      this.restart.unref();
    }
  }
}

function warn(logger: Logger, error: unknown): void {
  logger.warn("paste-registry: the heartbeat's thread failed and is started again", error);
}
