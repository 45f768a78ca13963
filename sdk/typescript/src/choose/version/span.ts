/**
 * Intervals of versions. Bounds are not versions but cuts between them: the order of versions is dense, so that an
 * interval can't always be closed by a last version, and with cuts no number is ever incremented.
 *
 * @module
 */
import { NUMBER_MAX, compareCores, comparePrereleases, type Core, type Version } from "./version.js";

/** A place between versions. */
export interface Cut {
  readonly core: Core;
  /** Within the core: before everything, at a prerelease, at the release. */
  readonly place: typeof BELOW | typeof PRERELEASE | typeof RELEASE;
  readonly prerelease: readonly string[];
  readonly after: boolean;
}

/** The versions between two cuts; none if they are out of order. */
export interface Span {
  readonly from: Cut;
  readonly to: Cut;
}

const BELOW = 0;
const PRERELEASE = 1;
const RELEASE = 2;

/** Before every version of `core`, its prereleases included. */
export function cutBelow(core: Core): Cut {
  return { core, place: BELOW, prerelease: [], after: false };
}

/** Just before a version. */
export function cutBefore(core: Core, prerelease: readonly string[] = []): Cut {
  return { core, place: prerelease.length > 0 ? PRERELEASE : RELEASE, prerelease, after: false };
}

/** Just after a version. */
export function cutAfter(core: Core, prerelease: readonly string[] = []): Cut {
  return { ...cutBefore(core, prerelease), after: true };
}

/** Before all versions. */
export const START = cutBelow(["0", "0", "0"]);
/** After all versions. */
export const END = cutAfter([NUMBER_MAX, NUMBER_MAX, NUMBER_MAX]);

/** The prereleases of `core`. */
export function prereleasesOf(core: Core): Span {
  return { from: cutBelow(core), to: cutBefore(core) };
}

/** What is in both. */
export function intersect(a: Span, b: Span): Span {
  return {
    from: compareCuts(a.from, b.from) >= 0 ? a.from : b.from,
    to: compareCuts(a.to, b.to) <= 0 ? a.to : b.to,
  };
}

/** Whether `version` is in the span. */
export function contains(span: Span, version: Version): boolean {
  const cut = cutBefore(version.core, version.prerelease);
  return compareCuts(span.from, cut) <= 0 && compareCuts(span.to, cut) > 0;
}

function compareCuts(a: Cut, b: Cut): number {
  return (
    compareCores(a.core, b.core) ||
    a.place - b.place ||
    (a.place === PRERELEASE ? comparePrereleases(a.prerelease, b.prerelease) : 0) ||
    Number(a.after) - Number(b.after)
  );
}
