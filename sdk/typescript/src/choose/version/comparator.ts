/**
 * One comparator of a range: what it means and how it is written.
 *
 * @module
 */
import { END, START, cutAfter, cutBefore, cutBelow, type Cut, type Span } from "./span.js";
import { NUMBER_MAX, type Core } from "./version.js";

/** How a version is compared. */
export type Operator = "=" | ">" | ">=" | "<" | "<=" | "^" | "~";

/** A version of which only the beginning may be given: 0 to 3 numbers, and a prerelease only with all three. */
export interface PartialVersion {
  readonly numbers: readonly string[];
  readonly prerelease: readonly string[];
}

/** An operator and the version it compares with. */
export interface Comparator {
  readonly operator: Operator;
  readonly partial: PartialVersion;
}

/** The versions that satisfy a comparator, by precedence alone. */
export function span({ operator, partial }: Comparator): Span {
  switch (operator) {
    case "=":
      return { from: floor(partial), to: ceiling(partial) };
    case ">":
      return { from: ceiling(partial), to: END };
    case ">=":
      return { from: floor(partial), to: END };
    case "<":
      return { from: START, to: below(partial) };
    case "<=":
      return { from: START, to: ceiling(partial) };
    case "^":
      return { from: floor(partial), to: ceilingCompatible(partial) };
    case "~":
      return { from: floor(partial), to: ceilingPatches(partial) };
  }
}

/** The core whose prereleases a comparator lets its set match, if it names one. */
export function prereleaseCore({ partial }: Comparator): Core | undefined {
  return partial.prerelease.length > 0 ? core(partial.numbers) : undefined;
}

/** The canonical form. */
export function format({ operator, partial }: Comparator): string {
  const { numbers, prerelease } = partial;
  if (numbers.length === 0) {
    // Every version is at least, at most and compatible with any version.
    return operator === ">" || operator === "<" ? `${operator}*` : "*";
  }
  const sign = operator === "=" ? "" : operator;
  const rest = numbers.length < 3 && operator === "=" ? ".x" : "";
  return sign + numbers.join(".") + rest + (prerelease.length > 0 ? `-${prerelease.join(".")}` : "");
}

/** The first version of all that begin like this one. */
function floor({ numbers, prerelease }: PartialVersion): Cut {
  return numbers.length === 0 ? START : cutBefore(core(numbers), prerelease);
}

/** The end of what lies below all of its versions, prereleases included. */
function below(partial: PartialVersion): Cut {
  const { numbers } = partial;
  return numbers.length === 3 ? floor(partial) : cutBelow(core(numbers));
}

/** The end of its versions. */
function ceiling({ numbers, prerelease }: PartialVersion): Cut {
  return numbers.length === 3 ? cutAfter(core(numbers), prerelease) : endOf(numbers);
}

/** The end of what is compatible with it: the leftmost number that isn't zero stays. */
function ceilingCompatible({ numbers }: PartialVersion): Cut {
  const leading = numbers.findIndex((number) => number !== "0");
  return endOf(leading < 0 ? numbers : numbers.slice(0, leading + 1));
}

/** The end of its patches; of its minors where only the major number is given. */
function ceilingPatches({ numbers }: PartialVersion): Cut {
  return endOf(numbers.slice(0, 2));
}

/** The end of all versions that begin with `numbers`. */
function endOf(numbers: readonly string[]): Cut {
  return cutAfter(core(numbers, NUMBER_MAX));
}

function core(numbers: readonly string[], missing = "0"): Core {
  return [numbers[0] ?? missing, numbers[1] ?? missing, numbers[2] ?? missing];
}
