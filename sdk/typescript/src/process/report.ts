/**
 * What a process says of itself with a heartbeat, gathered until the registry has taken it.
 *
 * @module
 */
import { availableParallelism } from "node:os";

import { BUCKETS, latencyBucket } from "../choose/latency-buckets.js";

/** Calls to one service. */
interface Calls {
  count: number;
  errors: number;
  latency: number[];
}

/** The body of a heartbeat. */
export interface ReportBody {
  readonly cpu?: number;
  readonly in_flight?: number;
  readonly requests?: number;
  readonly errors?: number;
  readonly calls?: readonly {
    readonly service: string;
    readonly count: number;
    readonly errors: number;
    readonly latency: readonly number[];
  }[];
}

/** A report that was handed on, and from which piece it begins. */
export interface NumberedReport {
  readonly first: number;
  readonly last: number;
  readonly body: ReportBody;
}

/** Services whose calls a heartbeat names. */
const SERVICES_MAX = 100;

/** One piece of what is to be told. */
class Piece {
  requests = 0;
  errors = 0;
  readonly calls = new Map<string, Calls>();

  constructor(readonly number: number) {}

  add(other: Piece): void {
    this.requests += other.requests;
    this.errors += other.errors;
    for (const [service, { count, errors, latency }] of other.calls) {
      const calls = this.callsOf(service);
      if (calls) {
        calls.count += count;
        calls.errors += errors;
        latency.forEach((counted, bucket) => (calls.latency[bucket]! += counted));
      }
    }
  }

  /** The counts of a service; `undefined` for one that is too many. */
  callsOf(service: string): Calls | undefined {
    let calls = this.calls.get(service);
    if (!calls && this.calls.size < SERVICES_MAX) {
      calls = { count: 0, errors: 0, latency: new Array<number>(BUCKETS).fill(0) };
      this.calls.set(service, calls);
    }
    return calls;
  }
}

/** Counts what the next heartbeats carry. */
export class Report {
  private current = new Piece(0);
  /** Pieces that were handed on and not taken yet, oldest first. */
  private carried: Piece[] = [];
  private serving = 0;
  private served = false;
  private readonly cpu = new CpuShare();

  /** Notes that a call is being served. The answer is to be called once, when it was. */
  serve(): (failed: boolean) => void {
    this.served = true;
    this.serving += 1;
    return (failed) => {
      this.serving -= 1;
      this.current.requests += 1;
      this.current.errors += failed ? 1 : 0;
    };
  }

  /** Notes a call of this process to `service`, `latency` in ns where it is known. */
  called(service: string, failed: boolean, latency: number | undefined): void {
    const calls = this.current.callsOf(service);
    if (calls) {
      calls.count += 1;
      calls.errors += failed ? 1 : 0;
      if (latency !== undefined) {
        calls.latency[latencyBucket(latency)]! += 1;
      }
    }
  }

  /** Everything that wasn't taken yet. */
  next(): NumberedReport {
    this.carried = [...this.merged(), this.current];
    this.current = new Piece(this.current.number + 1);
    const total = new Piece(0);
    for (const piece of this.carried) {
      total.add(piece);
    }
    return { first: this.carried[0]!.number, last: this.carried.at(-1)!.number, body: this.body(total) };
  }

  /** Notes that the registry took everything up to a piece. */
  taken(last: number): void {
    this.carried = this.carried.filter(({ number }) => number > last);
  }

  /** Bounds what is carried: pieces that were handed on together stay together. */
  private merged(): Piece[] {
    if (this.carried.length < 16) {
      return this.carried;
    }
    const one = new Piece(this.carried.at(-1)!.number);
    for (const piece of this.carried) {
      one.add(piece);
    }
    return [one];
  }

  private body(total: Piece): ReportBody {
    const calls = [...total.calls].map(([service, { count, errors, latency }]) => ({
      service,
      count,
      errors,
      latency: latency.slice(0, latency.findLastIndex((counted) => counted > 0) + 1),
    }));
    return {
      cpu: this.cpu.next(),
      ...(this.served ? { in_flight: this.serving, requests: total.requests, errors: total.errors } : {}),
      ...(calls.length > 0 ? { calls } : {}),
    };
  }
}

/** The share of the machine's processors that this process used since it was last asked, 0 to 1. */
class CpuShare {
  private usage = process.cpuUsage();
  private since = performance.now();

  next(): number {
    const { user, system } = process.cpuUsage(this.usage);
    const elapsedUs = (performance.now() - this.since) * 1000;
    this.usage = process.cpuUsage();
    this.since = performance.now();
    return Math.min((user + system) / Math.max(elapsedUs, 1) / availableParallelism(), 1);
  }
}
