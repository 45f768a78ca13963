// Intervals of versions.

package balance

import (
	"cmp"
	"math"
	"slices"
	"sort"
)

// cut is a place between versions. The order of versions is dense, so an interval can't always be closed by a last
// version; with cuts every comparator is one half-open interval, and no number is ever incremented.
type cut struct {
	core [3]uint64
	// below says that the cut is before every version of core, its prereleases included.
	below      bool
	prerelease string
	after      bool
}

func cutBelow(core [3]uint64) cut { return cut{core: core, below: true} }

func cutBefore(core [3]uint64, prerelease string) cut { return cut{core: core, prerelease: prerelease} }

func cutAfter(core [3]uint64, prerelease string) cut {
	return cut{core: core, prerelease: prerelease, after: true}
}

func cutStart() cut { return cutBelow([3]uint64{}) }

func cutEnd() cut { return cutAfter([3]uint64{math.MaxUint64, math.MaxUint64, math.MaxUint64}, "") }

func compareCuts(a, b cut) int {
	if order := compareCores(a.core, b.core); order != 0 {
		return order
	}
	if a.below || b.below {
		return cmp.Compare(truth(!a.below), truth(!b.below))
	}
	if order := comparePrereleases(a.prerelease, b.prerelease); order != 0 {
		return order
	}
	return cmp.Compare(truth(a.after), truth(b.after))
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (c cut) precedes(version Version) bool {
	return compareCuts(c, cutBefore(version.core, version.prerelease)) <= 0
}

// span is the versions between two cuts; none if they are out of order.
type span struct{ from, to cut }

func (s span) intersect(other span) span {
	if compareCuts(s.from, other.from) < 0 {
		s.from = other.from
	}
	if compareCuts(s.to, other.to) > 0 {
		s.to = other.to
	}
	return s
}

// unite sorts spans and merges those that touch, so that none is empty and each version is in one at most.
func unite(spans []span) []span {
	spans = slices.DeleteFunc(spans, func(s span) bool { return compareCuts(s.from, s.to) >= 0 })
	slices.SortFunc(spans, func(a, b span) int { return compareCuts(a.from, b.from) })
	var merged []span
	for _, s := range spans {
		last := len(merged) - 1
		switch {
		case last < 0 || compareCuts(s.from, merged[last].to) > 0:
			merged = append(merged, s)
		case compareCuts(merged[last].to, s.to) < 0:
			merged[last].to = s.to
		}
	}
	return merged
}

func contains(spans []span, version Version) bool {
	next := sort.Search(len(spans), func(i int) bool { return !spans[i].from.precedes(version) })
	return next > 0 && !spans[next-1].to.precedes(version)
}
