// Semantic versions and their order.

package balance

import (
	"cmp"
	"strconv"
	"strings"
)

// Version is a semantic version (semver 2.0) without its build metadata, which means nothing here. Numbers go up to
// 2^64 - 1; numeric parts of a prerelease have no limit.
type Version struct {
	core       [3]uint64
	prerelease string
}

// ParseVersion reads a version such as 1.4.2 or 2.0.0-rc.1+7f3a. It reports false for what isn't one.
func ParseVersion(text string) (Version, bool) {
	var version Version
	text, build, built := strings.Cut(text, "+")
	if built && !validSuffix(build, true) {
		return version, false
	}
	text, prerelease, pre := strings.Cut(text, "-")
	if pre && !validSuffix(prerelease, false) {
		return version, false
	}
	version.prerelease = prerelease
	for i := range version.core {
		part, rest, more := strings.Cut(text, ".")
		if more != (i < 2) || part == "" || len(part) > 1 && part[0] == '0' || !digits(part) {
			return version, false
		}
		number, err := strconv.ParseUint(part, 10, 64)
		if err != nil {
			return version, false
		}
		version.core[i], text = number, rest
	}
	return version, true
}

// validSuffix says whether text is a dotted list of identifiers. Leading zeros are allowed in build metadata alone.
func validSuffix(text string, build bool) bool {
	for more := true; more; {
		var part string
		part, text, more = strings.Cut(text, ".")
		if part == "" {
			return false
		}
		for i := 0; i < len(part); i++ {
			if !isAlphanumeric(part[i]) && part[i] != '-' {
				return false
			}
		}
		if !build && len(part) > 1 && part[0] == '0' && digits(part) {
			return false
		}
	}
	return true
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

func isAlphanumeric(b byte) bool {
	return isDigit(b) || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

func digits(text string) bool {
	for i := 0; i < len(text); i++ {
		if !isDigit(text[i]) {
			return false
		}
	}
	return text != ""
}

func compareCores(a, b [3]uint64) int {
	for i := range a {
		if order := cmp.Compare(a[i], b[i]); order != 0 {
			return order
		}
	}
	return 0
}

// comparePrereleases orders by semver's precedence; the empty prerelease, that of a release, comes last.
func comparePrereleases(a, b string) int {
	if a == "" || b == "" {
		return cmp.Compare(len(b), len(a))
	}
	for {
		partA, restA, moreA := strings.Cut(a, ".")
		partB, restB, moreB := strings.Cut(b, ".")
		if order := compareIdentifiers(partA, partB); order != 0 {
			return order
		}
		switch {
		case !moreA && !moreB:
			return 0
		case !moreA:
			return -1
		case !moreB:
			return 1
		}
		a, b = restA, restB
	}
}

func compareIdentifiers(a, b string) int {
	numberA, numberB := digits(a), digits(b)
	switch {
	case numberA && numberB && len(a) != len(b):
		return cmp.Compare(len(a), len(b))
	case numberA != numberB && numberA:
		return -1
	case numberA != numberB:
		return 1
	}
	return strings.Compare(a, b)
}
