/**
 * Outlier detection: endpoints whose calls fail are left out for a while.
 *
 * @module
 */
import type { Endpoint } from "./endpoint.js";
import type { Policy } from "./policy.js";

/** Watches the outcomes of one service. Times are ns of the monotonic clock. */
export class OutlierDetection {
  /** When the interval began; `NaN` before the first outcome. */
  private begun = Number.NaN;
  /**
   * @param endpoints - those of the service, in id order
   * @param ejected - called for each that is ejected
   */
  constructor(
    public policy: Policy["outlierDetection"],
    public endpoints: readonly Endpoint[],
    private readonly ejected: (endpoint: Endpoint) => void = () => {},
  ) {}

  /** Notes how a call ended. */
  record(endpoint: Endpoint, failed: boolean, now: number): void {
    if (Number.isNaN(this.begun)) {
      this.begun = now;
    }
    this.settle(now);
    endpoint.outcomes += 1;
    if (!failed) {
      endpoint.consecutive = 0;
      return;
    }
    endpoint.failures += 1;
    endpoint.consecutive += 1;
    const limit = this.policy.consecutiveFailures;
    if (limit > 0 && endpoint.consecutive >= limit) {
      endpoint.consecutive = 0;
      this.eject(endpoint, now);
    }
  }

  /** Closes the interval if it is over. To be called before each decision. */
  settle(now: number): void {
    if (now >= this.begun + this.policy.interval) {
      this.close(now);
      this.begun = now;
    }
  }

  private close(now: number): void {
    this.ejectByPercentage(now);
    for (const endpoint of this.endpoints) {
      if (!endpoint.isEjected(now) && endpoint.ejectedUntil <= this.begun) {
        endpoint.times = Math.max(endpoint.times - 1, 0);
      }
      endpoint.outcomes = 0;
      endpoint.failures = 0;
    }
  }

  private ejectByPercentage(now: number): void {
    const { failurePercentage, failurePercentageHosts, failurePercentageRequests } = this.policy;
    if (failurePercentage === 0) {
      return;
    }
    const busy = this.endpoints.filter(
      (endpoint) => !endpoint.isEjected(now) && endpoint.outcomes >= failurePercentageRequests,
    );
    if (busy.length < failurePercentageHosts) {
      return;
    }
    for (const endpoint of busy) {
      if (endpoint.failures * 100 >= failurePercentage * endpoint.outcomes) {
        this.eject(endpoint, now);
      }
    }
  }

  private eject(endpoint: Endpoint, now: number): void {
    const { baseEjection, maxEjected, maxEjection } = this.policy;
    const ejected = this.endpoints.filter((one) => one.isEjected(now)).length;
    const room = ejected === 0 || (ejected + 1) * 100 <= maxEjected * this.endpoints.length;
    const oneStays = ejected + 1 < this.endpoints.length;
    if (endpoint.isEjected(now) || maxEjected === 0 || !room || !oneStays) {
      return;
    }
    endpoint.times += 1;
    endpoint.ejectedUntil =
      now + Math.min(baseEjection * endpoint.times, Math.max(baseEjection, maxEjection));
    this.ejected(endpoint);
  }
}
