/**
 * The tries of one call: which instance is next, and whether there may be another. What sends them is elsewhere.
 *
 * @module
 */
import { retryBackoff } from "../choose/backoff.js";
import { MILLISECOND } from "../choose/duration.js";
import type { Outcome } from "../choose/decider.js";
import type { Settings } from "../options.js";
import type { Pick } from "../pick.js";
import type { ChooseOptions, Service } from "../service.js";

/** Methods that may be sent again after the request has reached an instance. */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"]);
/** Errors of a connection that could not be opened: nothing was sent. */
const NOT_CONNECTED: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EHOSTDOWN",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EADDRNOTAVAIL",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** What may be retried. */
export interface CallTerms {
  readonly method: string;
  /** Whether the body, if any, can be sent twice. */
  readonly repeatable: boolean;
  /** What the caller says of the method; by default, its HTTP semantics hold. */
  readonly idempotent?: boolean | undefined;
}

/** How a try ended: with a status, or an error. */
export type Ending = { readonly status: number } | { readonly error: unknown };

/** The tries of one call. */
export class Attempts {
  private readonly tried: string[] = [];
  private readonly deadline: number;
  private retries = 0;
  private pick: Pick | undefined;
  /** Whom the next try goes to, once there is to be one. */
  private following: Pick | undefined;
  private began = 0;

  constructor(
    private readonly service: Service,
    private readonly settings: Settings,
    private readonly ask: ChooseOptions,
    private readonly terms: CallTerms,
  ) {
    this.deadline = settings.clock.now() + this.timeouts.request;
    service.budget.deposit(settings.clock.now());
  }

  /** Begins the next try: gives the instance that it goes to. */
  next(): Pick {
    this.pick = this.following ?? this.choose();
    this.following = undefined;
    this.began = this.settings.clock.now();
    return this.pick;
  }

  /** The limit for opening a connection, in ms; `undefined` if there is none. */
  get connectMs(): number | undefined {
    return this.timeouts.connect > 0 ? this.timeouts.connect / MILLISECOND : undefined;
  }

  /** What is left for the next try, in ms; `undefined` if there is no limit. */
  get remainingMs(): number | undefined {
    const { perTry, request } = this.timeouts;
    const left = request > 0 ? this.deadline - this.settings.clock.now() : Number.POSITIVE_INFINITY;
    const limit = Math.min(left, perTry > 0 ? perTry : Number.POSITIVE_INFINITY);
    return limit === Number.POSITIVE_INFINITY ? undefined : Math.max(limit / MILLISECOND, 0);
  }

  /**
   * Reports how the try ended; gives the wait in ms before another one, or `undefined` if it was the last.
   *
   * @param aborted - whether the caller gave up, which says nothing of the instance
   */
  ended(ending: Ending, aborted = false): number | undefined {
    const now = this.settings.clock.now();
    if (aborted) {
      this.pick!.done("success");
      return undefined;
    }
    this.pick!.done(outcomeOf(ending), (now - this.began) / MILLISECOND);
    const { retries } = this.service.policy();
    const wanted = "error" in ending || retries.statuses.includes(ending.status);
    if (!wanted || this.retries >= retries.max || !this.mayRepeat(ending)) {
      return undefined;
    }
    const wait = retryBackoff(this.retries, retries, this.settings.random);
    const inTime = this.timeouts.request === 0 || now + wait < this.deadline;
    if (!inTime || !this.service.budget.withdraw(now)) {
      return undefined;
    }
    try {
      this.following = this.choose();
    } catch {
      // Without an instance for another try, what came of this one is the last word.
      return undefined;
    }
    this.retries += 1;
    return wait / MILLISECOND;
  }

  private choose(): Pick {
    const ask = this.tried.length > 0 ? { ...this.ask, exclude: this.tried } : this.ask;
    const pick = this.service.pick(ask, false);
    this.tried.push(pick.instance.id);
    return pick;
  }

  private get timeouts() {
    return this.service.policy().timeouts;
  }

  private mayRepeat(ending: Ending): boolean {
    const { idempotent, method, repeatable } = this.terms;
    const unsent = "error" in ending && isUnsent(ending.error);
    return repeatable && (unsent || (idempotent ?? IDEMPOTENT.has(method)));
  }
}

function outcomeOf(ending: Ending): Outcome {
  if ("error" in ending || ending.status >= 500) {
    return "failure";
  }
  return ending.status === 429 ? "throttled" : "success";
}

/** Whether the connection could not be opened, looking through what wraps the reason. */
function isUnsent(error: unknown): boolean {
  const reason = (error instanceof TypeError ? error.cause : error) as
    { code?: unknown; syscall?: unknown; errors?: readonly unknown[] } | undefined;
  if (reason?.errors) {
    return reason.errors.every(isUnsent);
  }
  return NOT_CONNECTED.has(String(reason?.code)) || reason?.syscall === "connect";
}
