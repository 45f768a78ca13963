/**
 * An instance that was chosen for one call.
 *
 * @module
 */
import type { Outcome } from "./choose/decider.js";
import type { Endpoint } from "./choose/endpoint.js";
import type { Instance } from "./choose/instance.js";
import type { Trace } from "./choose/trace.js";

/** Told how a call ended; `latency` in ns where it is known. */
export interface PickListener {
  done(endpoint: Endpoint, outcome: Outcome, latency: number | undefined): void;
}

/** What a pick that nobody finished leaves behind. */
interface Forgotten {
  readonly endpoint: Endpoint;
  readonly listener: PickListener;
}

/** A pick that is dropped without a word counts as a success without latency. */
const dropped = new FinalizationRegistry<Forgotten>(({ endpoint, listener }) => {
  endpoint.inFlight -= 1;
  listener.done(endpoint, "success", undefined);
});

/** One instance, chosen for one call. Say {@link done} when the call ended. */
export class Pick implements Disposable {
  private open = true;

  /** @internal */
  constructor(
    private readonly endpoint: Endpoint,
    private readonly listener: PickListener,
    /** What it was made of, if that was asked for. */
    readonly trace: Trace | undefined,
    watchDropped: boolean,
  ) {
    endpoint.inFlight += 1;
    this.instance = endpoint.instance;
    if (watchDropped) {
      dropped.register(this, { endpoint, listener }, this);
    }
  }

  /** The instance. */
  readonly instance: Instance;

  /** `address:port`, IPv6 addresses in brackets. */
  get host(): string {
    return this.endpoint.key;
  }

  /**
   * Says how the call ended, which steers later choices. Only the first word counts.
   *
   * @param outcome - `failure`: no connection, a time-out, a 5xx; `throttled`: a 429
   * @param latencyMs - how long it took, in milliseconds
   */
  done(outcome: Outcome, latencyMs?: number): void {
    if (!this.open) {
      return;
    }
    this.open = false;
    dropped.unregister(this);
    this.endpoint.inFlight -= 1;
    this.listener.done(this.endpoint, outcome, latencyMs === undefined ? undefined : latencyMs * 1e6);
  }

  /** Without a word before, counts as a success without latency. */
  [Symbol.dispose](): void {
    this.done("success");
  }
}
