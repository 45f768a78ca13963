/**
 * What a process has registered, as one session: kept alive together, ended together.
 *
 * @module
 */
import { RefusedError } from "../errors.js";
import type { Hooks } from "../hooks.js";
import type { Settings } from "../options.js";
import type { Api } from "../registry/api.js";
import { Retry, pause } from "../registry/retry.js";
import { Heartbeat } from "./heartbeat.js";
import { Registration, type RegisterOptions } from "./registration.js";
import type { Report } from "./report.js";

/** Told of what the streams have to know. */
export interface SessionListener {
  /** Everything was registered again: the streams have to name the session anew. */
  registeredAgain(): void;
  /** Something is registered for the first time. */
  begun(): void;
}

/** The session of one client. */
export class Session {
  private readonly registrations = new Set<Registration>();
  private readonly heartbeat: Heartbeat;
  /** Whether the last registration or heartbeat was taken. */
  isRegistered = false;
  /** Whether the registry has heard of the session, as far as is known. */
  isKnown = false;
  private wasKnown = false;
  /** Whether the registry may have heard of the session: something was sent, answered or not. */
  private wasSent = false;

  constructor(
    private readonly api: Api,
    private readonly settings: Settings,
    private readonly hooks: Hooks,
    report: Report,
    private readonly listener: SessionListener,
  ) {
    this.heartbeat = new Heartbeat(settings, api.addresses, report, {
      taken: () => {
        this.isRegistered = this.registrations.size > 0;
      },
      lost: () => this.registerAgain(),
      failed: (reason, delayMs) => {
        this.isRegistered = false;
        hooks.emit("retrying", { what: "heartbeat", delayMs, reason });
      },
    });
  }

  /** Registers an instance and keeps it registered. */
  register(options: RegisterOptions): Registration {
    const { api, hooks, settings } = this;
    const registration = new Registration(
      {
        api,
        hooks,
        settings,
        registered: (taken) => this.registered(taken),
        deregistered: (one) => this.deregistered(one),
      },
      options,
    );
    if (this.registrations.size === 0) {
      this.listener.begun();
    }
    this.registrations.add(registration);
    this.wasSent = true;
    registration.register();
    return registration;
  }

  /** Registers everything again, with the status that holds: the registry doesn't know us any more. */
  registerAgain(): void {
    this.isRegistered = false;
    this.isKnown = false;
    for (const registration of this.registrations) {
      registration.register();
    }
  }

  /** Says that everything drains, waits the drain delay, and ends the session. What fails is left to the ttl. */
  async end(signal: AbortSignal): Promise<void> {
    const registrations = [...this.registrations];
    await Promise.all(registrations.map((registration) => registration.abandon()));
    if (registrations.length > 0 && this.isKnown) {
      const drained = registrations.map((one) => this.onAnyNode(() => one.drain(signal), signal));
      if ((await Promise.all(drained)).includes(true)) {
        await pause(this.settings.drainDelayMs, signal);
      }
    }
    if (this.wasSent) {
      await this.delete(signal);
    }
    this.registrations.clear();
    this.isRegistered = false;
  }

  /** Ends the heartbeat. */
  async close(): Promise<void> {
    await this.heartbeat.stop();
  }

  /** Without a registration there is no heartbeat. */
  private deregistered(registration: Registration): void {
    this.registrations.delete(registration);
    if (this.registrations.size === 0) {
      this.isRegistered = false;
      void this.heartbeat.stop();
    }
  }

  private registered(taken: boolean): void {
    this.isRegistered = taken;
    if (taken) {
      const again = !this.isKnown && this.wasKnown;
      this.isKnown = true;
      this.wasKnown = true;
      this.heartbeat.start();
      if (again) {
        this.listener.registeredAgain();
      }
    }
  }

  /** Tries until the registry has answered, or `signal` aborts. */
  private async delete(signal: AbortSignal): Promise<void> {
    const { clock, logger, random, session } = this.settings;
    const path = `/sessions/${encodeURIComponent(session)}`;
    const retry = new Retry(random);
    let reason: unknown;
    while (!signal.aborted) {
      try {
        await this.api.send({ method: "DELETE", path, action: `end the session ${session}`, signal });
        this.hooks.emit("deregistered", { session });
        return;
      } catch (thrown) {
        reason = thrown;
        if (thrown instanceof RefusedError) {
          break;
        }
        await pause(retry.failed(thrown, clock.now()), signal);
      }
    }
    if (!(reason instanceof RefusedError && reason.isNotRegistered)) {
      logger.warn("paste-registry: could not end the session; the ttl will", reason);
    }
  }

  /** Tries once at each address; gives whether one took it. */
  private async onAnyNode(run: () => Promise<void>, signal: AbortSignal): Promise<boolean> {
    let reason: unknown;
    for (const _ of this.api.addresses.urls) {
      try {
        await run();
        return true;
      } catch (thrown) {
        reason = thrown;
      }
      if (signal.aborted) {
        break;
      }
    }
    this.settings.logger.warn("paste-registry: could not say that an instance drains", reason);
    return false;
  }
}
