// Reading the text of a version range.

package balance

import (
	"strconv"
	"strings"
)

const (
	expectedComparator = "a version such as 1.4, 1.x or *, or an operator (=, >, >=, <, <=, ^, ~)"
	expectedNumber     = "a number, x or *"
	expectedSeparator  = "a comma, a space, || or the end"
)

// rangeReader reads the text of a range: one method for each rule of the grammar.
type rangeReader struct {
	text string
	at   int
}

func parseSets(text string) ([][]comparator, error) {
	r := &rangeReader{text: text}
	var sets [][]comparator
	for {
		set, err := r.set()
		if err != nil {
			return nil, err
		}
		sets = append(sets, set)
		if !r.take('|') {
			break
		}
		if !r.take('|') {
			return nil, r.expected("||")
		}
	}
	if r.at < len(r.text) {
		return nil, r.expected(expectedSeparator)
	}
	return sets, nil
}

func (r *rangeReader) expected(what string) error {
	return &RangeError{Kind: RangeSyntax, At: r.at, Expected: what}
}

func (r *rangeReader) take(b byte) bool {
	there := r.at < len(r.text) && r.text[r.at] == b
	if there {
		r.at++
	}
	return there
}

func (r *rangeReader) takeWhile(allowed func(byte) bool) string {
	from := r.at
	for r.at < len(r.text) && allowed(r.text[r.at]) {
		r.at++
	}
	return r.text[from:r.at]
}

func (r *rangeReader) spaces() bool {
	return r.takeWhile(func(b byte) bool { return b == ' ' }) != ""
}

func (r *rangeReader) set() ([]comparator, error) {
	var set []comparator
	for {
		r.spaces()
		c, err := r.comparator()
		if err != nil {
			return nil, err
		}
		set = append(set, c)
		spaced := r.spaces()
		more := r.take(',') || spaced && r.at < len(r.text) && r.text[r.at] != '|'
		if !more {
			return set, nil
		}
	}
}

func (r *rangeReader) comparator() (comparator, error) {
	var c comparator
	expected := expectedComparator
	for _, op := range []string{">=", "<=", ">", "<", "=", "^", "~"} {
		if strings.HasPrefix(r.text[r.at:], op) {
			r.at += len(op)
			expected = expectedNumber
			if op != "=" {
				c.operator = operator(op)
			}
			break
		}
	}
	r.spaces()
	var err error
	c.partial, err = r.partial(expected)
	return c, err
}

func (r *rangeReader) partial(expected string) (partial, error) {
	var p partial
	wild := false
	for i := range p.core {
		if i > 0 && !r.take('.') {
			return p, nil
		}
		number, wildcard, err := r.number(expected)
		if err != nil {
			return p, err
		}
		// What follows an x says nothing.
		wild = wild || wildcard
		if !wild {
			p.core[i] = number
			p.given++
		}
		expected = expectedNumber
	}
	prerelease, err := r.suffixes()
	if !wild {
		p.prerelease = prerelease
	}
	return p, err
}

func (r *rangeReader) number(expected string) (number uint64, wildcard bool, err error) {
	if r.take('x') || r.take('*') {
		return 0, true, nil
	}
	from := r.at
	text := r.takeWhile(isDigit)
	if text == "" {
		return 0, false, r.expected(expected)
	}
	if len(text) > 1 && text[0] == '0' {
		r.at = from
		return 0, false, r.expected("a number without leading zeros")
	}
	number, err = strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, false, &RangeError{Kind: RangeNumber, At: from}
	}
	return number, false, nil
}

// suffixes reads a prerelease, and build metadata, which is checked and dropped.
func (r *rangeReader) suffixes() (prerelease string, err error) {
	if r.take('-') {
		prerelease, err = r.suffix("a prerelease such as rc.1, without empty parts or leading zeros", false)
		if err != nil {
			return "", err
		}
	}
	if r.take('+') {
		_, err = r.suffix("build metadata such as 7f3a, without empty parts", true)
	}
	return prerelease, err
}

func (r *rangeReader) suffix(expected string, build bool) (string, error) {
	from := r.at
	text := r.takeWhile(func(b byte) bool { return isAlphanumeric(b) || b == '-' || b == '.' })
	if !validSuffix(text, build) {
		r.at = from
		return "", r.expected(expected)
	}
	return text, nil
}
