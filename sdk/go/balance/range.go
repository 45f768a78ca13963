// Version ranges.

package balance

import (
	"fmt"
	"strings"
)

// RangeBytesMax is the longest version range in bytes, as written and in its canonical form.
const RangeBytesMax = 256

// Range is a set of versions as somebody wrote it down: ^1.4, >=2 <3, 1.x || 2.x, *.
//
// A bare version is exact, a partial one stands for all versions that begin like it. A prerelease matches only if a
// comparator of the same set names the same major.minor.patch with a prerelease. What has no version is in no range.
type Range struct {
	canonical string
	// releases is where releases match; prereleases is where those do.
	releases, prereleases []span
}

// RangeErrorKind says why a text is not a version range.
type RangeErrorKind string

// The kinds of a [RangeError].
const (
	RangeSyntax RangeErrorKind = "syntax"
	RangeNumber RangeErrorKind = "number"
	RangeLength RangeErrorKind = "length"
)

// RangeError is a text that is not a version range.
type RangeError struct {
	Kind RangeErrorKind
	// At is where a syntax or number error stands, in bytes from the beginning.
	At int
	// Expected is what could have stood there.
	Expected string
}

func (e *RangeError) Error() string {
	switch e.Kind {
	case RangeLength:
		return fmt.Sprintf("version range is too long; the limit (version_range_bytes_max) is %d", RangeBytesMax)
	case RangeNumber:
		return fmt.Sprintf("version range: the number at byte %d is over 2^64 - 1", e.At)
	default:
		return fmt.Sprintf("version range: expected %s at byte %d", e.Expected, e.At)
	}
}

// ParseRange reads a version range. Its error is a [*RangeError].
func ParseRange(text string) (*Range, error) {
	if len(text) > RangeBytesMax {
		return nil, &RangeError{Kind: RangeLength}
	}
	sets, err := parseSets(text)
	if err != nil {
		return nil, err
	}
	r := &Range{canonical: canonicalRange(sets)}
	if len(r.canonical) > RangeBytesMax {
		return nil, &RangeError{Kind: RangeLength}
	}
	for _, set := range sets {
		within := span{cutStart(), cutEnd()}
		for _, c := range set {
			within = within.intersect(c.span())
		}
		r.releases = append(r.releases, within)
		for _, c := range set {
			if c.partial.given == 3 && c.partial.prerelease != "" {
				core := c.partial.core
				r.prereleases = append(r.prereleases, within.intersect(span{cutBelow(core), cutBefore(core, "")}))
			}
		}
	}
	r.releases, r.prereleases = unite(r.releases), unite(r.prereleases)
	return r, nil
}

// Matches says whether version is in the range.
func (r *Range) Matches(version Version) bool {
	if version.prerelease == "" {
		return contains(r.releases, version)
	}
	return contains(r.prereleases, version)
}

// String is the canonical form: one spelling for all ways of writing the same comparators.
func (r *Range) String() string { return r.canonical }

func canonicalRange(sets [][]comparator) string {
	alternatives := make([]string, len(sets))
	for i, set := range sets {
		parts := make([]string, len(set))
		for j, c := range set {
			parts[j] = c.String()
		}
		alternatives[i] = strings.Join(parts, ", ")
	}
	return strings.Join(alternatives, " || ")
}
