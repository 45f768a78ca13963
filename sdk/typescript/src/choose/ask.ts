/**
 * What a caller asks for, and who matches it.
 *
 * @module
 */
import type { Endpoint } from "./endpoint.js";
import type { Instance } from "./instance.js";
import type { Rule, Selector } from "./policy.js";
import { mulhi } from "./random.js";
import { xxh64 } from "./xxh64.js";

/** What is asked of one choice, checked and filled in. */
export interface Ask {
  /** What the instance must be like; `undefined` if anything will do. */
  readonly selector: Selector | undefined;
  /** Where the caller runs. */
  readonly zone: string | undefined;
  readonly region: string | undefined;
  /** Headers of the call, names in any case. */
  readonly headers: Readonly<Record<string, string>> | undefined;
  /** What the hashing balancers hash, unless the policy names a header. */
  readonly hashKey: string | undefined;
  /** Instances that were tried for the same call already. */
  readonly tried: ReadonlySet<string> | undefined;
}

/** Whether an instance is like `selector` says. */
export function matches(instance: Instance, selector: Selector): boolean {
  return (
    (selector.version === undefined || selector.version.matches(instance.version)) &&
    selector.tags.every((tag) => instance.tags?.includes(tag)) &&
    Object.entries(selector.metadata).every(([key, value]) => instance.metadata?.[key] === value)
  );
}

/** Those of `endpoints` that are like `selector` says. */
export function matching(endpoints: readonly Endpoint[], selector: Selector): readonly Endpoint[] {
  return endpoints.filter((endpoint) => matches(endpoint.instance, selector));
}

/** Whether a rule of the policy applies to what is asked. */
export function applies(rule: Rule, ask: Ask): boolean {
  for (const [name, value] of rule.headers) {
    if (header(ask.headers, name) !== value) {
      return false;
    }
  }
  return isAmong(rule.zones, ask.zone) && isAmong(rule.regions, ask.region) && usersHold(rule, ask);
}

function isAmong(named: readonly string[], value: string | undefined): boolean {
  return named.length === 0 || (value !== undefined && named.includes(value));
}

function usersHold({ users, subset }: Rule, ask: Ask): boolean {
  if (!users) {
    return true;
  }
  const value = header(ask.headers, users.header);
  // Percents have two digits at most; multiplied as doubles, 0.07 would be a little more than 7 of 10,000.
  const share = Math.round(users.percent * 100);
  return value !== undefined && mulhi(drawn(`${subset}\0${value}`), 10_000) < share;
}

/** A hash as if it were a random number. */
function drawn(text: string): { high: number; low: number; draw(): void } {
  const { high, low } = xxh64(text);
  return { high, low, draw() {} };
}

/** The value of a header, whatever the case of its name. */
export function header(headers: Ask["headers"], name: string): string | undefined {
  if (!headers) {
    return undefined;
  }
  const lower = name.toLowerCase();
  const found = headers[lower] ?? headers[name];
  if (found !== undefined) {
    return found;
  }
  const key = Object.keys(headers).find((one) => one.toLowerCase() === lower);
  return key === undefined ? undefined : headers[key];
}
