/**
 * A service as a program uses it: the local copy of its instances, and choosing among them.
 *
 * @module
 */
import type { Ask } from "./choose/ask.js";
import { Decider, type Outcome } from "./choose/decider.js";
import { MILLISECOND } from "./choose/duration.js";
import type { Endpoint } from "./choose/endpoint.js";
import type { Instance } from "./choose/instance.js";
import { DEFAULT_POLICY, readPolicy, type Policy } from "./choose/policy.js";
import { RetryBudget } from "./choose/retry-budget.js";
import { emptyTrace } from "./choose/trace.js";
import type { ServiceCopy } from "./copy/service-copy.js";
import { NoInstanceError } from "./errors.js";
import { guarded, type Hooks } from "./hooks.js";
import { Knowledge } from "./knowledge.js";
import type { Settings } from "./options.js";
import { Pick, type PickListener } from "./pick.js";
import type { Report } from "./process/report.js";
import { Selectors } from "./selectors.js";

/** What is asked of a choice. Everything may be left out. */
export interface ChooseOptions {
  /** A version range such as `^1.4`. */
  readonly version?: string;
  /** Tags that the instance has, all of them. */
  readonly tags?: readonly string[];
  /** Pairs that the instance has, all of them. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Headers of the call, which rules and hashing look at; names in any case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What the hashing balancers hash, unless the policy names a header. */
  readonly hashKey?: string;
  /** Instances that were tried for the same call already. */
  readonly exclude?: Iterable<string>;
  /** Whether the pick is to tell what it was made of. */
  readonly trace?: boolean;
}

/** What a service needs of the client. */
export interface ServiceContext {
  readonly settings: Settings;
  readonly hooks: Hooks;
  readonly report: Report;
  /** How old the stream's word is in ms; `undefined` without a stream. */
  streamAge(): number | undefined;
  /** How old what came from disk is, in ms. */
  diskAge(): number;
  /** Why nothing is known. */
  failure(): Error | undefined;
}

const NOTHING: ChooseOptions = {};

/** One service. Everything but `ready` answers from memory. */
export class Service {
  /** @internal */
  readonly budget = new RetryBudget(DEFAULT_POLICY.retries);
  private readonly decider: Decider;
  private readonly knowledge: Knowledge;
  private readonly selectors = new Selectors();
  private callbacks: readonly ((instances: readonly Instance[]) => void)[] = [];
  private policyBody: unknown;
  private readonly outcomes: PickListener = {
    done: (endpoint, outcome, latency) => this.done(endpoint, outcome, latency),
  };

  /** @internal */
  constructor(
    private readonly copy: ServiceCopy,
    private readonly context: ServiceContext,
  ) {
    const { hooks, settings } = context;
    this.decider = new Decider(settings.random, ({ instance, ejectedUntil }) => {
      const untilMs = (ejectedUntil - settings.clock.now()) / MILLISECOND;
      hooks.emit("ejected", { service: copy.name, id: instance.id, untilMs });
    });
    this.knowledge = new Knowledge(`service ${copy.name}`, settings.requestTimeoutMs, () =>
      context.failure(),
    );
    if (copy.known) {
      this.changed();
    }
  }

  /** Its name. */
  get name(): string {
    return this.copy.name;
  }

  /**
   * Waits until the instances are known, from the stream or from disk: at most the request time-out, or `timeoutMs`.
   *
   * @throws {@link NotKnownYetError} if they aren't by then
   */
  async ready(timeoutMs?: number): Promise<this> {
    await this.knowledge.wait(timeoutMs);
    return this;
  }

  /**
   * Everybody who is registered, in id order, whatever their status and health. From memory.
   *
   * @throws {@link NotKnownYetError} before anything is known
   */
  instances(): readonly Instance[] {
    this.knowledge.check();
    return this.copy.instances;
  }

  /** The policy, filled in; the defaults where the service has none. */
  policy(): Policy {
    return this.decider.policy;
  }

  /**
   * How old the copy is, in ms: 0 while the stream speaks.
   *
   * @throws {@link NotKnownYetError} before anything is known
   */
  age(): number {
    this.knowledge.check();
    const streamed = this.copy.live ? this.context.streamAge() : undefined;
    return streamed ?? this.context.diskAge();
  }

  /** Calls back with the instances after each change of them or of the policy; the answer stops it. */
  onChange(callback: (instances: readonly Instance[]) => void): () => void {
    this.callbacks = [...this.callbacks, callback];
    return () => {
      this.callbacks = this.callbacks.filter((one) => one !== callback);
    };
  }

  /**
   * Chooses an instance for one call, as the policy says. From memory.
   *
   * @throws {@link NotKnownYetError} before anything is known; {@link NoInstanceError} if there is none;
   * {@link InvalidVersionRangeError} if `version` is no version range
   */
  choose(options: ChooseOptions = NOTHING): Pick {
    return this.pick(options, true);
  }

  /** Chooses for a caller that always says how the call ended. @internal */
  pick(options: ChooseOptions, watchDropped: boolean): Pick {
    this.knowledge.check();
    const trace = options.trace ? emptyTrace() : undefined;
    const decided = this.decider.choose(this.ask(options), this.context.settings.clock.now(), trace);
    if (typeof decided === "string") {
      throw new NoInstanceError(this.name, decided);
    }
    if (this.context.hooks.active) {
      this.context.hooks.emit("picked", { service: this.name, id: decided.instance.id });
    }
    return new Pick(decided, this.outcomes, trace, watchDropped);
  }

  private done(endpoint: Endpoint, outcome: Outcome, latency: number | undefined): void {
    const { hooks, report, settings } = this.context;
    this.decider.record(endpoint, outcome, latency, settings.clock.now());
    report.called(this.name, outcome !== "success", latency);
    if (hooks.active) {
      hooks.emit("called", {
        service: this.name,
        id: endpoint.instance.id,
        outcome: outcome === "success" ? "success" : "failure",
        ...(latency === undefined ? {} : { latencyMs: latency / MILLISECOND }),
      });
    }
  }

  /** Takes over what the copy says. @internal */
  changed(): void {
    const { copy, decider } = this;
    if (copy.policy !== this.policyBody) {
      this.policyBody = copy.policy;
      this.changePolicy(copy.policy);
    }
    decider.update(copy.instances, copy.isProtected, this.context.settings.clock.now());
    this.knowledge.arrive();
    for (const callback of this.callbacks) {
      guarded(this.context.settings.logger, "an onChange callback", () => callback(copy.instances));
    }
  }

  /** @internal */
  close(): void {
    this.callbacks = [];
    this.knowledge.close();
  }

  /** A policy that can't be read changes nothing: instances matter more. */
  private changePolicy(body: unknown): void {
    try {
      this.decider.setPolicy(readPolicy(body));
      this.budget.policy = this.decider.policy.retries;
    } catch (error) {
      this.context.settings.logger.warn(`paste-registry: the policy of ${this.name} can't be read`, error);
    }
  }

  private ask(options: ChooseOptions): Ask {
    const { zone, region } = this.context.settings;
    const { exclude, hashKey, headers } = options;
    const tried = exclude === undefined ? undefined : new Set(exclude);
    return { selector: this.selectors.of(options), zone, region, headers, hashKey, tried };
  }
}
