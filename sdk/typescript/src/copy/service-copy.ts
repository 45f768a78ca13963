/**
 * What is known of one service: its instances as the registry tells of them, which are never replaced by nothing without
 * an explicit word.
 *
 * @module
 */
import { SECOND } from "../choose/duration.js";
import { compareIds, readInstance, type Instance } from "../choose/instance.js";

/** How long an instance of another epoch is kept without being confirmed, in ns. */
const UNCONFIRMED_FOR = 60 * SECOND;

/** A `snapshot` event, as far as it is used. */
export interface SnapshotEvent {
  readonly service: string;
  readonly revision: number;
  readonly protected: boolean;
  readonly instances: readonly Instance[];
  readonly policy?: unknown;
}

/** A `delta` event, as far as it is used. */
export interface DeltaEvent {
  readonly service: string;
  readonly revision: number;
  readonly protected: boolean;
  readonly upserted: readonly Instance[];
  readonly removed: readonly string[];
  readonly policy?: unknown;
}

/** The copy of one service. Times are ns of the monotonic clock. */
export class ServiceCopy {
  /** Whether anything has ever been said of it. */
  known = false;
  /** The history that it was read from; `undefined` before that is known. */
  epoch: string | undefined;
  /** Whether the stream has spoken of it, and not only the disk. */
  live = false;
  revision = 0;
  isProtected = false;
  /** The body of the policy, as it came; `undefined` if there is none. */
  policy: unknown;
  /** In id order. */
  instances: readonly Instance[] = [];
  /** Whether a stream that tells of it is open. */
  private streamed = false;
  /** Whether the epoch of the last snapshot isn't known yet. */
  private awaitsEpoch = false;
  /** Instances of another epoch, and when they go unless they are confirmed. */
  private readonly unconfirmed = new Map<string, number>();
  /** Instances that a snapshot lacks of which it isn't known yet whether it is of the same epoch. */
  private readonly undecided = new Set<string>();

  constructor(readonly name: string) {}

  /** Takes over what is on disk, of `epoch` if that is known. */
  restore(saved: Omit<SnapshotEvent, "service">, epoch: string | undefined): void {
    this.take(saved, [...saved.instances]);
    this.policy = saved.policy ?? undefined;
    this.epoch = epoch;
  }

  /** Takes over a snapshot. `epoch` is `undefined` while that isn't known: {@link decide} says it later. */
  applySnapshot(event: SnapshotEvent, epoch: string | undefined, now: number): void {
    const sameEpoch = epoch === undefined ? undefined : epoch === this.epoch;
    this.epoch = epoch ?? this.epoch;
    const listed = new Map(event.instances.map((value) => [readInstance(value).id, value]));
    for (const instance of this.instances) {
      const { id } = instance;
      const missing = !listed.has(id);
      if (!missing) {
        this.unconfirmed.delete(id);
      } else if (this.unconfirmed.has(id)) {
        listed.set(id, instance);
      } else if (sameEpoch !== true) {
        listed.set(id, instance);
        this.unconfirmed.set(id, now + UNCONFIRMED_FOR);
        if (sameEpoch === undefined) {
          this.undecided.add(id);
        }
      }
    }
    const sorted = [...listed.values()].sort((a, b) => compareIds(a.id, b.id));
    this.take(event, sorted);
    this.policy = event.policy ?? undefined;
    this.live = true;
    this.awaitsEpoch = epoch === undefined;
  }

  /** Whether the stream has told all of it, in a known epoch. */
  get isConfirmed(): boolean {
    return this.live && !this.awaitsEpoch && this.unconfirmed.size === 0;
  }

  /**
   * A stream that tells of it was opened. Where there was none, nothing could be confirmed: what isn't has all of its
   * time anew.
   */
  opened(now: number): void {
    for (const id of this.streamed ? [] : this.unconfirmed.keys()) {
      this.unconfirmed.set(id, now + UNCONFIRMED_FOR);
    }
    this.streamed = true;
  }

  /** No stream tells of it any more: what isn't confirmed stays until one does. */
  closed(): void {
    this.streamed = false;
  }

  /** Takes over a delta. */
  applyDelta(event: DeltaEvent): void {
    const removed = new Set(event.removed);
    const instances = this.instances.filter(({ id }) => !removed.has(id));
    for (const value of event.upserted) {
      const { id } = readInstance(value);
      const index = placeOf(id, instances);
      instances.splice(index, instances[index]?.id === id ? 1 : 0, value);
    }
    for (const id of [...event.removed, ...event.upserted.map((value) => value.id)]) {
      this.unconfirmed.delete(id);
    }
    this.take(event, instances);
    if ("policy" in event) {
      this.policy = event.policy ?? undefined;
    }
  }

  /** Keeps all that is known as unconfirmed: a new history begins. */
  doubt(epoch: string, now: number): void {
    this.epoch = epoch;
    this.awaitsEpoch = false;
    for (const { id } of this.instances) {
      this.unconfirmed.set(id, this.unconfirmed.get(id) ?? now + UNCONFIRMED_FOR);
    }
  }

  /** Says of which epoch the last snapshot was; gives whether that changed anything. */
  decide(epoch: string): boolean {
    const gone = epoch === this.epoch ? this.drop((id) => this.undecided.has(id)) : false;
    this.epoch = epoch;
    this.awaitsEpoch = false;
    this.undecided.clear();
    return gone;
  }

  /** Lets those go that weren't confirmed in time; gives whether that changed anything. */
  expire(now: number): boolean {
    return this.streamed && this.drop((id) => (this.unconfirmed.get(id) ?? Number.POSITIVE_INFINITY) <= now);
  }

  /** When the next unconfirmed instance goes; `undefined` if none does. */
  get nextExpiry(): number | undefined {
    return this.streamed && this.unconfirmed.size > 0
      ? Math.min(...new Set(this.unconfirmed.values()))
      : undefined;
  }

  private drop(isGone: (id: string) => boolean): boolean {
    const kept = this.instances.filter(({ id }) => !isGone(id));
    const changed = kept.length < this.instances.length;
    for (const { id } of changed ? this.instances.filter((one) => isGone(one.id)) : []) {
      this.unconfirmed.delete(id);
    }
    this.instances = kept;
    return changed;
  }

  private take(event: Pick<SnapshotEvent, "protected" | "revision">, instances: Instance[]): void {
    if (typeof event.protected !== "boolean" || !Number.isInteger(event.revision)) {
      throw new TypeError(`an event of ${this.name} lacks its revision or whether it is protected`);
    }
    this.instances = instances;
    this.revision = event.revision;
    this.isProtected = event.protected;
    this.known = true;
  }
}

/** Where an id stands, or would stand, in a list in id order. */
function placeOf(id: string, instances: readonly Instance[]): number {
  let from = 0;
  let to = instances.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (compareIds(instances[middle]!.id, id) < 0) {
      from = middle + 1;
    } else {
      to = middle;
    }
  }
  return from;
}
