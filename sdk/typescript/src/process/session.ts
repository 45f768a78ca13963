/**
 * What a process has registered, as one session: kept alive together, ended together.
 *
 * @module
 */
import type { Hooks } from "../hooks.js";
import type { Settings } from "../options.js";
import type { Api } from "../registry/api.js";
import { pause } from "../registry/retry.js";
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
    const known = this.isKnown;
    await Promise.all(registrations.map((registration) => registration.abandon()));
    if (registrations.length > 0 && known) {
      const drained = registrations.map((one) => this.onAnyNode(() => one.drain(signal), signal));
      if ((await Promise.all(drained)).includes(true)) {
        await pause(this.settings.drainDelayMs, signal);
      }
      await this.onAnyNode(() => this.delete(signal), signal);
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

  private async delete(signal: AbortSignal): Promise<void> {
    const { session } = this.settings;
    const path = `/sessions/${encodeURIComponent(session)}`;
    await this.api.send({ method: "DELETE", path, action: `end the session ${session}`, signal });
    this.hooks.emit("deregistered", { session });
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
    this.settings.logger.warn("paste-registry: could not deregister; the ttl will", reason);
    return false;
  }
}
