/**
 * What a decision needs to know of the members, kept until it changes: so that a pick needn't look at all of them.
 *
 * @module
 */
import { matching } from "./ask.js";
import type { Endpoint } from "./endpoint.js";
import type { Members } from "./members.js";
import type { Policy, Selector, Subset } from "./policy.js";
import { Pool, type Place } from "./pool.js";

/** The members that match what is asked. */
export interface View {
  /** All of them, in id order. */
  readonly members: readonly Endpoint[];
  /** Those of them who may answer. */
  readonly eligible: ReadonlySet<Endpoint>;
  /** The subsets of the policy that have somebody who may answer. */
  readonly subsets: readonly Subset[];
  readonly pools: { readonly subset: Subset | undefined; readonly place: Place; readonly pool: Pool }[];
}

/** Bounds what is kept for callers that ask for something else each time. */
const KEPT_MAX = 256;

/** Views by what is asked. They hold until the members, the policy or an ejection changes. */
export class Views {
  private readonly views = new Map<Selector | undefined, View>();
  private kept = 0;
  /** When the next ejection ends. */
  private validUntil = Number.POSITIVE_INFINITY;

  /** Forgets everything. */
  clear(): void {
    this.views.clear();
    this.kept = 0;
    this.validUntil = Number.POSITIVE_INFINITY;
  }

  /** The members that match `selector`. */
  of(selector: Selector | undefined, members: Members, policy: Policy, now: number): View {
    if (now >= this.validUntil || this.kept >= KEPT_MAX) {
      this.clear();
    }
    const known = this.views.get(selector);
    if (known) {
      return known;
    }
    const eligible = selector ? matching(members.eligible, selector) : members.eligible;
    const view: View = {
      members: selector ? matching(members.endpoints, selector) : members.endpoints,
      eligible: new Set(eligible),
      subsets: policy.subsets.filter((subset) => matching(eligible, subset).length > 0),
      pools: [],
    };
    for (const { ejectedUntil } of members.endpoints) {
      this.validUntil = ejectedUntil > now ? Math.min(this.validUntil, ejectedUntil) : this.validUntil;
    }
    this.views.set(selector, view);
    this.kept += 1;
    return view;
  }

  /** Those of a view that are in `subset`, or all of them, by how near they are to `place`. */
  pool(view: View, subset: Subset | undefined, place: Place, policy: Policy, now: number): Pool {
    for (const known of view.pools) {
      const samePlace = known.place.zone === place.zone && known.place.region === place.region;
      if (samePlace && known.subset === subset) {
        return known.pool;
      }
    }
    const members = subset ? matching(view.members, subset) : view.members;
    const pool = new Pool(members, view.eligible, place, policy, now);
    view.pools.push({ subset, place: { zone: place.zone, region: place.region }, pool });
    this.kept += 1;
    return pool;
  }
}
