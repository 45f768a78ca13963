/**
 * The local copy: everything that is known, kept up to date by the events of streams.
 *
 * @module
 */
import { MILLISECOND } from "../choose/duration.js";
import type { Clock } from "../clock.js";
import type { Hooks } from "../hooks.js";
import { ConfigCopy, type ConfigEvent } from "./config-copy.js";
import { ServiceCopy, type DeltaEvent, type SnapshotEvent } from "./service-copy.js";

/** Which history a stream tells of; `undefined` until it says so. */
export interface StreamEpoch {
  epoch: string | undefined;
  /** Services whose snapshots came before the epoch was known. */
  readonly undecided: Set<ServiceCopy>;
}

/** Told of what changed. */
export interface CopyListener {
  serviceChanged(copy: ServiceCopy): void;
  /** `release` is what was said, which may be what was there. */
  configChanged(copy: ConfigCopy, changed: boolean): void;
  /** It is known now of which epoch a stream told. */
  epochKnown(): void;
}

/** All copies of a namespace. */
export class Copies {
  readonly services = new Map<string, ServiceCopy>();
  readonly configs = new Map<string, ConfigCopy>();
  /** The history that was told of last; `undefined` before the first. */
  epoch: string | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly hooks: Hooks,
    private readonly listener: CopyListener,
  ) {}

  /**
   * Takes over an event. Kinds and services that nobody asked for are passed over.
   *
   * @param followed - the services that the stream tells of
   * @throws TypeError or SyntaxError if it can't be read
   */
  apply(stream: StreamEpoch, kind: string, data: string, followed: Iterable<string>): void {
    switch (kind) {
      case "snapshot":
        return this.snapshot(stream, JSON.parse(data) as SnapshotEvent);
      case "delta":
        return this.delta(JSON.parse(data) as DeltaEvent);
      case "config":
        return this.config(JSON.parse(data) as ConfigEvent);
      case "reset":
        return this.reset(stream, (JSON.parse(data) as { epoch: string }).epoch, followed);
    }
  }

  /** Takes over an id: the epoch of a stream that didn't know it. */
  progress(stream: StreamEpoch, id: string): void {
    if (stream.epoch !== undefined) {
      return;
    }
    stream.epoch = epochOf(id);
    this.enter(stream.epoch);
    for (const copy of stream.undecided) {
      if (copy.decide(stream.epoch)) {
        this.listener.serviceChanged(copy);
      }
    }
    stream.undecided.clear();
    this.listener.epochKnown();
    this.schedule();
  }

  /** Notes that a stream that tells of `services` was opened. */
  opened(services: Iterable<string>): void {
    for (const name of services) {
      this.services.get(name)?.opened(this.clock.now());
    }
    this.schedule();
  }

  /** Notes that no stream tells of `services` any more: nobody of them goes meanwhile. */
  closed(services: Iterable<string>): void {
    for (const name of services) {
      this.services.get(name)?.closed();
    }
    this.schedule();
  }

  /** Lets those go that weren't confirmed in time. */
  expire(): void {
    for (const copy of this.services.values()) {
      if (copy.expire(this.clock.now())) {
        this.listener.serviceChanged(copy);
      }
    }
    this.schedule();
  }

  /** Stops waiting for those that aren't confirmed. */
  close(): void {
    clearTimeout(this.timer);
  }

  private snapshot(stream: StreamEpoch, event: SnapshotEvent): void {
    const copy = this.services.get(event.service);
    if (!copy) {
      return;
    }
    copy.applySnapshot(event, stream.epoch, this.clock.now());
    if (stream.epoch === undefined) {
      stream.undecided.add(copy);
    }
    this.listener.serviceChanged(copy);
    this.schedule();
  }

  private delta(event: DeltaEvent): void {
    const copy = this.services.get(event.service);
    if (copy) {
      copy.applyDelta(event);
      this.listener.serviceChanged(copy);
    }
  }

  private config(event: ConfigEvent): void {
    const copy = this.configs.get(`${event.group}/${event.key}`);
    if (copy) {
      this.listener.configChanged(copy, copy.apply(event));
    }
  }

  private reset(stream: StreamEpoch, epoch: string, followed: Iterable<string>): void {
    if (typeof epoch !== "string") {
      throw new TypeError("a reset lacks its epoch");
    }
    stream.epoch = epoch;
    stream.undecided.clear();
    for (const name of followed) {
      this.services.get(name)?.doubt(epoch, this.clock.now());
    }
    this.enter(epoch);
    this.schedule();
  }

  /** Notes which history holds. */
  private enter(epoch: string): void {
    const another = this.epoch !== undefined && this.epoch !== epoch;
    this.epoch = epoch;
    if (another) {
      this.hooks.emit("reset", { epoch });
    }
  }

  /** Wakes up when the next unconfirmed instance goes. */
  private schedule(): void {
    clearTimeout(this.timer);
    const expiries = [...this.services.values()].flatMap((copy) => copy.nextExpiry ?? []);
    if (expiries.length > 0) {
      const wait = (Math.min(...expiries) - this.clock.now()) / MILLISECOND;
      this.timer = setTimeout(() => this.expire(), Math.max(wait, 1));
      this.timer.unref();
    }
  }
}

/** The epoch in the id of an event, `<epoch>-<revision>`. */
export function epochOf(id: string): string {
  return id.split("-", 1)[0]!;
}
