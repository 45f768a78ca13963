/**
 * Durations as the registry writes them: `"250ms"`, `"30s"`.
 *
 * @module
 */

const NANOSECONDS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Nanoseconds of a millisecond. */
export const MILLISECOND = 1e6;
/** Nanoseconds of a second. */
export const SECOND = 1e9;

/**
 * Nanoseconds of a duration.
 *
 * @throws TypeError if `text` is none
 */
export function parseDuration(text: string): number {
  const found = /^([0-9]+)(ns|us|ms|s|m|h)$/.exec(text);
  if (!found) {
    throw new TypeError(`${JSON.stringify(text)} is no duration such as "250ms"`);
  }
  return Number(found[1]) * NANOSECONDS[found[2]!]!;
}
