/**
 * Peak EWMA: latencies that rise at once and are forgotten slowly. Costs are nanoseconds.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.js";

/** The cost of an endpoint before anybody has observed anything. */
const UNKNOWN = 30e6;
/** The least that a failure counts. */
const FAILURE_MIN = 100e6;

/** The costs of the endpoints of one service. */
export class PeakEwma {
  private observed: Endpoint[] = [];

  /** @param decay - the time constant, in ns */
  constructor(public decay: number) {}

  /** Forgets all endpoints but those that are kept. */
  retain(kept: (endpoint: Endpoint) => boolean): void {
    this.observed = this.observed.filter(kept);
  }

  /** Notes that a call took `rtt`. */
  observe(endpoint: Endpoint, rtt: number, at: number): void {
    this.use(endpoint, at);
    const kept = this.kept(endpoint, at);
    endpoint.cost = rtt > endpoint.cost ? rtt : endpoint.cost * kept + rtt * (1 - kept);
    endpoint.stamp = Math.max(endpoint.stamp, at);
    if (!endpoint.observed) {
      endpoint.observed = true;
      this.observed.push(endpoint);
    }
  }

  /** Notes that a call failed after `rtt`: failing fast must not look cheap. */
  fail(endpoint: Endpoint, rtt: number, at: number): void {
    const median = this.lowerMedian(endpoint);
    this.observe(endpoint, Math.max(rtt, 2 * (Number.isNaN(median) ? 0 : median), FAILURE_MIN), at);
  }

  /** What one more call would cost. */
  load(endpoint: Endpoint, weight: number, at: number): number {
    this.use(endpoint, at);
    return ((endpoint.cost * this.kept(endpoint, at) + 1) * (endpoint.inFlight + 1)) / weight;
  }

  /** Seeds an endpoint at its first use. */
  private use(endpoint: Endpoint, at: number): void {
    if (Number.isNaN(endpoint.cost)) {
      const median = this.lowerMedian();
      endpoint.cost = Number.isNaN(median) ? UNKNOWN : median;
      endpoint.stamp = at;
    }
  }

  /** The share of the past that still counts. */
  private kept(endpoint: Endpoint, at: number): number {
    return Math.exp(-Math.max(at - endpoint.stamp, 0) / this.decay);
  }

  /** The lower median of the costs that were observed, but for one endpoint; `NaN` if there is none. */
  private lowerMedian(but?: Endpoint): number {
    const others = but?.observed ? this.observed.filter((endpoint) => endpoint !== but) : this.observed;
    const costs = Float64Array.from(others, (endpoint) => endpoint.cost).sort();
    return costs.length > 0 ? costs[(costs.length - 1) >> 1]! : Number.NaN;
  }
}
