/**
 * Chooses an instance of one service: eligibility, what is asked, rules and subsets, locality, ejections, the balancer, in
 * the order that all SDKs share.
 *
 * @module
 */
import type { NoInstanceReason } from "../errors.js";
import { applies, header, type Ask } from "./ask.js";
import { TwoIndices, leastRequestCost, weightedRandom, weightedRandomOf } from "./balancer/draws.js";
import { PeakEwma } from "./balancer/peak-ewma.js";
import { rendezvous } from "./balancer/rendezvous.js";
import { smoothWeightedRoundRobin } from "./balancer/smooth-wrr.js";
import type { Candidates } from "./candidates.js";
import type { Endpoint } from "./endpoint.js";
import type { Instance } from "./instance.js";
import { Members } from "./members.js";
import { OutlierDetection } from "./outlier-detection.js";
import { DEFAULT_POLICY, type Policy, type Subset } from "./policy.js";
import { Pool } from "./pool.js";
import { hexadecimal, below, type RandomSource } from "./random.js";
import type { Trace } from "./trace.js";
import { Views, type View } from "./views.js";

/** How a call ended: `throttled` is a 429, which is slow to come back to, but no outlier. */
export type Outcome = "success" | "failure" | "throttled";

/** Decides for one service. Times are ns of the monotonic clock. */
export class Decider {
  readonly members = new Members();
  readonly costs = new PeakEwma(DEFAULT_POLICY.balancer.decay);
  readonly outliers: OutlierDetection;
  policy: Policy = DEFAULT_POLICY;
  private readonly views = new Views();
  private readonly indices = new TwoIndices();

  /** @param ejected - called for each endpoint that outlier detection takes out */
  constructor(
    private readonly random: RandomSource,
    ejected: (endpoint: Endpoint) => void = () => {},
  ) {
    this.outliers = new OutlierDetection(this.policy.outlierDetection, [], (endpoint) => {
      this.views.clear();
      ejected(endpoint);
    });
  }

  /** Takes over a changed policy. */
  setPolicy(policy: Policy): void {
    this.policy = policy;
    this.costs.decay = policy.balancer.decay;
    this.outliers.policy = policy.outlierDetection;
    this.members.setSlowStart(policy.slowStart);
    this.views.clear();
  }

  /** Takes over a changed list, in id order. */
  update(instances: readonly Instance[], isProtected: boolean, now: number): void {
    this.members.update(instances, isProtected, now);
    this.outliers.endpoints = this.members.endpoints;
    this.costs.retain((endpoint) => this.members.has(endpoint));
    this.views.clear();
  }

  /** The endpoint for one call, or why there is none. */
  choose(ask: Ask, now: number, trace?: Trace): Endpoint | NoInstanceReason {
    this.outliers.settle(now);
    const view = this.views.of(ask.selector, this.members, this.policy, now);
    const decided = view.eligible.size === 0 ? whyNone(this.members) : this.among(view, ask, now, trace);
    if (trace) {
      trace.members = this.members.endpoints.length;
      trace.eligible = this.members.eligible.length;
      trace.asked = view.eligible.size;
      trace.outcome = typeof decided === "string" ? decided : decided.instance.id;
    }
    return decided;
  }

  /** Notes how a call ended, `latency` in ns where it is known. */
  record(endpoint: Endpoint, outcome: Outcome, latency: number | undefined, now: number): void {
    if (!this.members.has(endpoint)) {
      return;
    }
    this.outliers.record(endpoint, outcome === "failure", now);
    if (outcome !== "success") {
      this.costs.fail(endpoint, latency ?? 0, now);
    } else if (latency !== undefined) {
      this.costs.observe(endpoint, latency, now);
    }
  }

  private among(view: View, ask: Ask, now: number, trace?: Trace): Endpoint | NoInstanceReason {
    const pool = this.pool(view, ask, now, trace);
    const drawn = pool.draw(this.random);
    const candidates = ask.tried ? drawn?.candidates.without(ask.tried) : drawn?.candidates;
    if (trace) {
      trace.priority = drawn?.name;
      trace.priorities = pool.priorities.map(({ candidates: _, ...priority }) => priority);
      trace.candidates = candidates?.endpoints.map(({ instance }) => instance.id) ?? [];
      if (candidates && candidates.endpoints.length > 1) {
        trace.balancer = this.policy.balancer.kind;
      }
    }
    return candidates ? candidates.endpoints[this.balance(candidates, ask, now)]! : "all ejected";
  }

  /** The subset that is decided on, or all that is asked for. */
  private pool(view: View, ask: Ask, now: number, trace?: Trace): Pool {
    if (view.subsets.length === 0) {
      return this.views.pool(view, undefined, ask, this.policy, now);
    }
    const ruled = this.subsetOfRules(view, ask);
    const subset = ruled ?? this.subsetByWeight(view);
    if (trace && subset) {
      trace.subset = { name: subset.name, by: ruled ? "rule" : "weight" };
    }
    return this.views.pool(view, subset, ask, this.policy, now);
  }

  /** The subset of the first rule that applies and whose subset has somebody. */
  private subsetOfRules(view: View, ask: Ask): Subset | undefined {
    for (const rule of this.policy.rules) {
      const subset = view.subsets.find(({ name }) => name === rule.subset);
      if (subset && applies(rule, ask)) {
        return subset;
      }
    }
    return undefined;
  }

  private subsetByWeight({ subsets }: View): Subset | undefined {
    const weighted = subsets.filter(({ weight }) => weight > 0);
    if (weighted.length < 2) {
      return weighted[0];
    }
    const x = below(
      this.random,
      weighted.reduce((sum, { weight }) => sum + weight, 0),
    );
    let cumulative = 0;
    return weighted.find(({ weight }) => (cumulative += weight) > x);
  }

  /** The index of the candidate that the balancer picks. */
  private balance(candidates: Candidates, ask: Ask, now: number): number {
    const { kind, ringSize } = this.policy.balancer;
    const slow = this.members.isStartingSlowly(now);
    if (kind === "smooth_wrr") {
      return smoothWeightedRoundRobin(candidates.endpoints, this.weights(candidates, slow, now));
    }
    if (candidates.endpoints.length === 1) {
      return 0;
    }
    switch (kind) {
      case "weighted_random":
        return slow
          ? weightedRandom(this.weights(candidates, slow, now), this.random)
          : weightedRandomOf(candidates.cumulative, this.random);
      case "least_request":
      case "peak_ewma": {
        const { first, second } = this.indices.draw(candidates.endpoints.length, this.random);
        const cost = this.cost(candidates, first, slow, now);
        return cost <= this.cost(candidates, second, slow, now) ? first : second;
      }
      case "ring_hash":
        return candidates.onRing(this.hashKey(ask), ringSize);
      case "rendezvous":
        return rendezvous(candidates.encodedKeys, candidates.weights, this.hashKey(ask));
    }
  }

  private weights({ endpoints, weights }: Candidates, slow: boolean, now: number): Float64Array {
    return slow
      ? weights.map((weight, index) => weight * this.members.factor(endpoints[index]!, now))
      : weights;
  }

  /** What the balancers that compare two candidates go by. */
  private cost({ endpoints, weights }: Candidates, index: number, slow: boolean, now: number): number {
    const endpoint = endpoints[index]!;
    const weight = slow ? weights[index]! * this.members.factor(endpoint, now) : weights[index]!;
    return this.policy.balancer.kind === "peak_ewma"
      ? this.costs.load(endpoint, weight, now)
      : leastRequestCost(endpoint.inFlight, weight);
  }

  private hashKey(ask: Ask): string {
    const { hashHeader } = this.policy.balancer;
    const named = hashHeader === undefined ? undefined : header(ask.headers, hashHeader);
    return named ?? ask.hashKey ?? hexadecimal(this.random);
  }
}

function whyNone(members: Members): NoInstanceReason {
  if (members.endpoints.length === 0) {
    return "no instances";
  }
  return members.eligible.length === 0 ? "none eligible" : "none match";
}
