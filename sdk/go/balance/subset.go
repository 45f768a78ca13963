// Which part of a service answers: rules, and shares of the calls.

package balance

import (
	"math"
	"sort"
)

// Headers are those of a call. [net/http.Header] is one; names come in their canonical form, as X-User.
type Headers interface {
	// Values are all values of a header, none if it isn't there.
	Values(name string) []string
}

func header(headers Headers, name string) (string, bool) {
	if headers == nil {
		return "", false
	}
	values := headers.Values(name)
	if len(values) == 0 {
		return "", false
	}
	return values[0], true
}

// subset chooses the subset of a call, and the rule that decided; -1 for none.
func (p *plan) subset(r *roster, q *Query, rand Rand) (subset, rule int) {
	for i := range r.rules {
		one := &r.rules[i]
		if p.subsets[one.subset].eligible > 0 && one.applies(q) {
			return one.subset, i
		}
	}
	switch len(p.weighted) {
	case 0:
		return -1, -1
	case 1:
		return p.weighted[0], -1
	}
	last := len(p.weighted) - 1
	x := mulhi(rand(), p.upTo[last])
	return p.weighted[sort.Search(last, func(i int) bool { return p.upTo[i] > x })], -1
}

// readyRule is a rule as it is asked of each call: a list in place of a map, canonical names of headers.
type readyRule struct {
	*Rule
	subset  int
	name    string
	headers []headerIs
	user    string
}

type headerIs struct{ name, value string }

func (r *readyRule) applies(q *Query) bool {
	for _, is := range r.headers {
		if value, there := header(q.Headers, is.name); !there || value != is.value {
			return false
		}
	}
	return within(q.Zone, r.Zones) && within(q.Region, r.Regions) && (r.Users == nil || r.includesUser(q))
}

func within(name string, names []string) bool {
	if len(names) == 0 {
		return true
	}
	for _, one := range names {
		if one == name && name != "" {
			return true
		}
	}
	return false
}

func (r *readyRule) includesUser(q *Query) bool {
	value, there := header(q.Headers, r.user)
	if !there {
		return false
	}
	var space [256]byte
	share := mulhi(XXH64(append(append(append(space[:0], r.name...), 0), value...)), 10_000)
	return share < uint64(math.RoundToEven(r.Users.Percent*100))
}
