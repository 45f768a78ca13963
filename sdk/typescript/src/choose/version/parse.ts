/**
 * Reading the text of a version range: one function per rule of the grammar.
 *
 * ```text
 * range      = set *( "||" set )
 * set        = comparator *( ( "," | SP ) comparator )       all of them must hold
 * comparator = [ operator ] partial                          no operator: "="
 * operator   = "=" | ">" | ">=" | "<" | "<=" | "^" | "~"
 * partial    = X [ "." X [ "." X [ "-" prerelease ] ] ]
 * X          = number | "x" | "*"
 * ```
 *
 * @module
 */
import { InvalidVersionRangeError } from "../../errors.js";
import type { Comparator, Operator, PartialVersion } from "./comparator.js";
import { NUMBER_MAX, compareNumbers, parseBuild, parsePrerelease } from "./version.js";

const OPERATORS: readonly Operator[] = [">=", "<=", ">", "<", "=", "^", "~"];
const COMPARATOR = "a version such as 1.4, 1.x or *, or an operator (=, >, >=, <, <=, ^, ~)";
const NUMBER = "a number, x or *";

/** The comparators of `text`, by set. */
export function parseSets(text: string): Comparator[][] {
  const reader = new Reader(text);
  const sets = [reader.set()];
  while (reader.take("|")) {
    if (!reader.take("|")) {
      throw reader.expected("||");
    }
    sets.push(reader.set());
  }
  if (reader.peek() !== "") {
    throw reader.expected("a comma, a space, || or the end");
  }
  return sets;
}

/** All that is read is ASCII, so that a position in characters is one in bytes. */
class Reader {
  private position = 0;

  constructor(private readonly text: string) {}

  peek(): string {
    return this.text.charAt(this.position);
  }

  take(token: string): boolean {
    const there = this.text.startsWith(token, this.position);
    this.position += there ? token.length : 0;
    return there;
  }

  private takeWhile(pattern: RegExp): string {
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.position += found.length;
    return found;
  }

  expected(what: string): InvalidVersionRangeError {
    const found = this.peek() === "" ? "the end" : JSON.stringify(this.peek());
    const message = `expected ${what} at byte ${this.position}, found ${found}`;
    return new InvalidVersionRangeError(this.text, "syntax", message, this.position);
  }

  set(): Comparator[] {
    const set: Comparator[] = [];
    for (;;) {
      this.takeWhile(/ */y);
      set.push(this.comparator());
      const spaced = this.takeWhile(/ */y) !== "";
      const more = this.take(",") || (spaced && this.peek() !== "" && this.peek() !== "|");
      if (!more) {
        return set;
      }
    }
  }

  private comparator(): Comparator {
    const operator = OPERATORS.find((token) => this.take(token));
    this.takeWhile(/ */y);
    return { operator: operator ?? "=", partial: this.partial(operator ? NUMBER : COMPARATOR) };
  }

  private partial(first: string): PartialVersion {
    const given = [this.number(first)];
    while (given.length < 3 && this.take(".")) {
      given.push(this.number(NUMBER));
    }
    const prerelease = given.length === 3 ? this.suffixes() : [];
    // What follows an x says nothing.
    const numbers = given.slice(0, given.includes("x") ? given.indexOf("x") : 3);
    return { numbers, prerelease: numbers.length === 3 ? prerelease : [] };
  }

  /** A number; `x` for a wildcard. */
  private number(expected: string): string {
    if (this.take("x") || this.take("*")) {
      return "x";
    }
    const position = this.position;
    const digits = this.takeWhile(/[0-9]*/y);
    if (digits === "") {
      throw this.expected(expected);
    }
    if (digits.length > 1 && digits.startsWith("0")) {
      this.position = position;
      throw this.expected("a number without leading zeros");
    }
    if (compareNumbers(digits, NUMBER_MAX) > 0) {
      const message = `the number at byte ${position} is over ${NUMBER_MAX}`;
      throw new InvalidVersionRangeError(this.text, "number", message, position);
    }
    return digits;
  }

  /** A prerelease, and build metadata, which is checked and dropped. */
  private suffixes(): readonly string[] {
    let prerelease: string[] = [];
    if (this.take("-")) {
      const expected = "a prerelease such as rc.1, without empty parts or leading zeros";
      prerelease = this.suffix(expected, parsePrerelease);
    }
    if (this.take("+")) {
      this.suffix("build metadata such as 7f3a, without empty parts", parseBuild);
    }
    return prerelease;
  }

  private suffix<T>(expected: string, read: (text: string) => T | undefined): T {
    const position = this.position;
    const found = read(this.takeWhile(/[0-9A-Za-z.-]*/y));
    if (!found) {
      this.position = position;
      throw this.expected(expected);
    }
    return found;
  }
}
