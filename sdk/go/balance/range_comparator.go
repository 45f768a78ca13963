// One comparator of a version range: what it means and how it is written.

package balance

import (
	"math"
	"strconv"
)

type operator string

const (
	opEqual        operator = ""
	opGreater      operator = ">"
	opGreaterEqual operator = ">="
	opLess         operator = "<"
	opLessEqual    operator = "<="
	opCaret        operator = "^"
	opTilde        operator = "~"
)

// partial is a version of which only the first given (0 to 3) numbers may be given.
type partial struct {
	given      int
	core       [3]uint64
	prerelease string
}

// comparator is an operator and the version it compares with.
type comparator struct {
	operator operator
	partial  partial
}

func (p partial) floor() cut {
	if p.given == 0 {
		return cutStart()
	}
	return cutBefore(p.core, p.prerelease)
}

// lower is the end of what lies below all its versions, prereleases included.
func (p partial) lower() cut {
	switch p.given {
	case 0:
		return cutStart()
	case 3:
		return p.floor()
	}
	return cutBelow(p.core)
}

func (p partial) ceiling() cut {
	if p.given == 3 {
		return cutAfter(p.core, p.prerelease)
	}
	return p.endOf(p.given)
}

// endOf is the end of the versions that share the first kept numbers.
func (p partial) endOf(kept int) cut {
	core := p.core
	for i := kept; i < len(core); i++ {
		core[i] = math.MaxUint64
	}
	return cutAfter(core, "")
}

// compatible is the end of the versions that share everything up to the leftmost given number that isn't zero.
func (p partial) compatible() cut {
	for i := 0; i < p.given; i++ {
		if p.core[i] != 0 {
			return p.endOf(i + 1)
		}
	}
	return p.endOf(p.given)
}

func (p partial) patches() cut {
	if p.given == 3 {
		return p.endOf(2)
	}
	return p.ceiling()
}

// span is the versions that satisfy c, by precedence alone.
func (c comparator) span() span {
	p := c.partial
	switch c.operator {
	case opGreater:
		return span{p.ceiling(), cutEnd()}
	case opGreaterEqual:
		return span{p.floor(), cutEnd()}
	case opLess:
		return span{cutStart(), p.lower()}
	case opLessEqual:
		return span{cutStart(), p.ceiling()}
	case opCaret:
		return span{p.floor(), p.compatible()}
	case opTilde:
		return span{p.floor(), p.patches()}
	default:
		return span{p.floor(), p.ceiling()}
	}
}

// String is c in its canonical form.
func (c comparator) String() string {
	p := c.partial
	if p.given == 0 {
		// Every version is at least, at most and compatible with any version.
		if c.operator == opGreater || c.operator == opLess {
			return string(c.operator) + "*"
		}
		return "*"
	}
	text := string(c.operator)
	for i := 0; i < p.given; i++ {
		if i > 0 {
			text += "."
		}
		text += strconv.FormatUint(p.core[i], 10)
	}
	if p.given < 3 && c.operator == opEqual {
		text += ".x"
	}
	if p.prerelease != "" {
		text += "-" + p.prerelease
	}
	return text
}
