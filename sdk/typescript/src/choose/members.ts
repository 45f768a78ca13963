/**
 * The endpoints of one service: their state outlives changes of the list, and those that join or come back start slowly.
 *
 * @module
 */
import { Endpoint } from "./endpoint.js";
import { isEligible, type Instance } from "./instance.js";
import { DEFAULT_POLICY, type Policy } from "./policy.js";
import { slowStartFactor } from "./slow-start.js";

/** The members of a service. Times are ns of the monotonic clock. */
export class Members {
  /** All of them, in id order. */
  endpoints: readonly Endpoint[] = [];
  /** Those who may answer. */
  eligible: readonly Endpoint[] = [];
  private slowStart: Policy["slowStart"] = DEFAULT_POLICY.slowStart;
  private byId = new Map<string, Endpoint>();
  private known = false;
  /** Those of the eligible that joined or came back, the latest first. */
  private joined: readonly Endpoint[] = [];

  /** Takes over a list, in id order. */
  update(instances: readonly Instance[], isProtected: boolean, now: number): void {
    const wasEligible = new Set(this.eligible);
    this.endpoints = instances.map((instance) => this.endpointOf(instance));
    this.eligible = this.endpoints.filter(({ instance }) => isEligible(instance, isProtected));
    this.byId = new Map(this.endpoints.map((endpoint) => [endpoint.instance.id, endpoint]));
    if (this.known) {
      for (const endpoint of this.eligible) {
        if (!wasEligible.has(endpoint)) {
          endpoint.joined = now;
        }
      }
    }
    this.known = true;
    this.sortJoined();
  }

  /** Takes over a changed policy. */
  setSlowStart(policy: Policy["slowStart"]): void {
    this.slowStart = policy;
    this.sortJoined();
  }

  /** Whether it is still a member. */
  has(endpoint: Endpoint): boolean {
    return this.byId.get(endpoint.instance.id) === endpoint;
  }

  /** The member of an id. */
  get(id: string): Endpoint | undefined {
    return this.byId.get(id);
  }

  /** Whether anybody's weight is reduced. */
  isStartingSlowly(now: number): boolean {
    let starting = 0;
    for (const endpoint of this.joined) {
      if (!this.isStarting(endpoint, now)) {
        break;
      }
      starting += 1;
    }
    return starting > 0 && starting * 2 <= this.eligible.length;
  }

  /** What the weight of an endpoint is multiplied with while somebody's is reduced. */
  factor(endpoint: Endpoint, now: number): number {
    return this.isStarting(endpoint, now) ? slowStartFactor(now - endpoint.joined, this.slowStart) : 1;
  }

  private isStarting(endpoint: Endpoint, now: number): boolean {
    return now - endpoint.joined < this.slowStart.window;
  }

  private sortJoined(): void {
    const joined = this.slowStart.window > 0 ? this.eligible.filter((one) => one.joined > -Infinity) : [];
    this.joined = joined.sort((a, b) => b.joined - a.joined);
  }

  /** What has another address or port is another endpoint. */
  private endpointOf(instance: Instance): Endpoint {
    const known = this.byId.get(instance.id);
    if (known?.instance.address !== instance.address || known.instance.port !== instance.port) {
      return new Endpoint(instance);
    }
    known.instance = instance;
    return known;
  }
}
