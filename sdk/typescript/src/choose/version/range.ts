/**
 * Version ranges such as `^1.4`, `>=2 <3`, `1.x || 2.x` and `*`, in the registry's own small grammar.
 *
 * @module
 */
import { InvalidVersionRangeError } from "../../errors.js";
import { format, prereleaseCore, span } from "./comparator.js";
import { parseSets } from "./parse.js";
import { END, START, contains, intersect, prereleasesOf, type Span } from "./span.js";
import { parseVersion } from "./version.js";

const BYTES_MAX = 256;

/**
 * A set of versions, as somebody wrote it down.
 *
 * A prerelease matches only if, beside lying within the bounds, a comparator of the same set names the same
 * `major.minor.patch` with a prerelease: who asks for `>=1` doesn't mean `2.0.0-rc.1`.
 */
export class VersionRange {
  private constructor(
    /** The canonical form: one spelling for all ways of writing the same comparators. */
    readonly canonical: string,
    private readonly releases: readonly Span[],
    private readonly prereleases: readonly Span[],
  ) {}

  /**
   * Reads a range of at most 256 bytes.
   *
   * @throws {@link InvalidVersionRangeError} if `text` is none
   */
  static parse(text: string): VersionRange {
    bounded(text, text);
    const sets = parseSets(text);
    const canonical = sets.map((set) => set.map(format).join(", ")).join(" || ");
    bounded(canonical, text);
    const releases: Span[] = [];
    const prereleases: Span[] = [];
    for (const set of sets) {
      const all = set.map(span).reduce(intersect, { from: START, to: END });
      releases.push(all);
      for (const core of set.map(prereleaseCore)) {
        if (core) {
          prereleases.push(intersect(all, prereleasesOf(core)));
        }
      }
    }
    return new VersionRange(canonical, releases, prereleases);
  }

  /** Whether `version` is in the range. What is no version is in none. */
  matches(version: string | undefined): boolean {
    const parsed = version === undefined ? undefined : parseVersion(version);
    if (!parsed) {
      return false;
    }
    const spans = parsed.prerelease.length > 0 ? this.prereleases : this.releases;
    return spans.some((one) => contains(one, parsed));
  }

  /** The canonical form. */
  toString(): string {
    return this.canonical;
  }
}

function bounded(text: string, original: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > BYTES_MAX) {
    throw new InvalidVersionRangeError(
      original,
      "length",
      `it has ${bytes} bytes; the limit is ${BYTES_MAX}`,
    );
  }
}
