/**
 * What callers ask for, parsed once for all who ask the same.
 *
 * @module
 */
import type { Selector } from "./choose/policy.js";
import { VersionRange } from "./choose/version/range.js";

/** What a selector is made of. */
export interface SelectorOptions {
  readonly version?: string;
  readonly tags?: readonly string[];
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Bounds what is kept for callers that ask for something else each time. */
const KEPT_MAX = 256;

/** Selectors by what they are made of; equal ones are the same object. */
export class Selectors {
  private readonly known = new Map<string, Selector>();

  /**
   * The selector of `options`; `undefined` if anything will do.
   *
   * @throws {@link InvalidVersionRangeError} if `version` is no version range
   */
  of({ version, tags, metadata }: SelectorOptions): Selector | undefined {
    if (version === undefined && tags === undefined && metadata === undefined) {
      return undefined;
    }
    const key = tags || metadata ? JSON.stringify([version, tags, metadata]) : version!;
    let selector = this.known.get(key);
    if (!selector) {
      if (this.known.size >= KEPT_MAX) {
        this.known.clear();
      }
      selector = {
        version: version === undefined ? undefined : VersionRange.parse(version),
        tags: tags ?? [],
        metadata: metadata ?? {},
      };
      this.known.set(key, selector);
    }
    return selector;
  }
}
