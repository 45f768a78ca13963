/**
 * Semantic versions (semver 2.0) and their order. Numbers are kept as decimal text, because they go up to 2^64 − 1 and
 * those of a prerelease have no limit; without leading zeros, length and then text orders them.
 *
 * @module
 */

/** Major, minor and patch. */
export type Core = readonly [string, string, string];

/** A version, without its build metadata, which means nothing. */
export interface Version {
  readonly core: Core;
  /** The parts of the prerelease; empty for a release. */
  readonly prerelease: readonly string[];
}

/** The largest number of a version: 2^64 − 1. */
export const NUMBER_MAX = "18446744073709551615";

const NUMBER = "(0|[1-9][0-9]*)";
const VERSION = new RegExp(
  `^[vV]?${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-([0-9A-Za-z.-]+))?(?:\\+([0-9A-Za-z.-]+))?$`,
);

/** Reads a version; `undefined` for a text that is none. A leading `v` is passed over. */
export function parseVersion(text: string): Version | undefined {
  const found = VERSION.exec(text);
  if (!found) {
    return undefined;
  }
  const core: Core = [found[1]!, found[2]!, found[3]!];
  const prerelease = found[4] === undefined ? [] : parsePrerelease(found[4]);
  const build = found[5] === undefined || parseBuild(found[5]);
  const bounded = core.every((number) => compareNumbers(number, NUMBER_MAX) <= 0);
  return prerelease && build && bounded ? { core, prerelease } : undefined;
}

/** The parts of a prerelease; `undefined` if one is empty or a number with leading zeros. */
export function parsePrerelease(text: string): string[] | undefined {
  const parts = text.split(".");
  return parts.every((part) => part !== "" && !/^0[0-9]+$/.test(part)) ? parts : undefined;
}

/** Whether a text is build metadata: no part of it is empty. */
export function parseBuild(text: string): boolean {
  return text.split(".").every((part) => part !== "");
}

/** Orders two whole numbers in decimal, without leading zeros. */
export function compareNumbers(a: string, b: string): number {
  return a.length - b.length || compareText(a, b);
}

/** Orders two cores. */
export function compareCores(a: Core, b: Core): number {
  return compareNumbers(a[0], b[0]) || compareNumbers(a[1], b[1]) || compareNumbers(a[2], b[2]);
}

/** Orders the parts of two prereleases, neither of them empty. */
export function comparePrereleases(a: readonly string[], b: readonly string[]): number {
  for (let index = 0; index < Math.min(a.length, b.length); index += 1) {
    const order = compareParts(a[index]!, b[index]!);
    if (order !== 0) {
      return order;
    }
  }
  return a.length - b.length;
}

function compareParts(a: string, b: string): number {
  const numeric = [a, b].map((part) => /^[0-9]+$/.test(part));
  if (numeric[0] !== numeric[1]) {
    return numeric[0] ? -1 : 1;
  }
  return numeric[0] ? compareNumbers(a, b) : compareText(a, b);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
