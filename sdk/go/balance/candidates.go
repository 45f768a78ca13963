// Those among whom a balancer chooses, and the balancers that do not hash.

package balance

import (
	"sort"
	"sync"
)

// candidate is a member that may be chosen, with its weight before slow start.
type candidate struct {
	*member
	weight float64
}

// candidates are those among whom a balancer chooses, in id order, and what can be known before it does.
type candidates struct {
	list  []candidate
	total float64
	// upTo has the running sums of the weights, where no slow start changes them with time.
	upTo []float64
	// slow is the slow start that some of them are in, else nil.
	slow  *SlowStart
	equal bool
	// ring is built at its first use.
	ringOnce sync.Once
	ring     *ring
}

// newCandidates applies the rule for weights of 0 to members: they are left out unless all are 0.
func newCandidates(members []*member, slow *SlowStart) *candidates {
	c := &candidates{equal: true, list: make([]candidate, 0, len(members))}
	for _, m := range members {
		if m.instance.Weight > 0 {
			c.list = append(c.list, candidate{m, float64(m.instance.Weight)})
		}
	}
	if len(c.list) == 0 {
		for _, m := range members {
			c.list = append(c.list, candidate{m, 1})
		}
	}
	for _, one := range c.list {
		c.total += one.weight
		c.upTo = append(c.upTo, c.total)
		c.equal = c.equal && one.weight == c.list[0].weight
		if slow != nil && one.slow {
			c.slow = slow
		}
	}
	return c
}

// weight is that of candidate i, slow start included.
func (c *candidates) weight(i int, now int64) float64 {
	one := &c.list[i]
	if c.slow == nil || !one.slow {
		return one.weight
	}
	return one.weight * c.slow.factor(now-one.joined)
}

// weights is the sum of all weights, slow start included.
func (c *candidates) weights(now int64) float64 {
	if c.slow == nil {
		return c.total
	}
	total := 0.0
	for i := range c.list {
		total += c.weight(i, now)
	}
	return total
}

// without is what is left of c when the tried are left out, unless that leaves none. The rule for weights holds anew.
func (c *candidates) without(members []*member, tried []string, slow *SlowStart) *candidates {
	left := make([]*member, 0, len(members))
	for _, m := range members {
		if !isTried(m, tried) {
			left = append(left, m)
		}
	}
	if len(left) == 0 || len(left) == len(members) {
		return c
	}
	return newCandidates(left, slow)
}

func isTried(m *member, tried []string) bool {
	for _, id := range tried {
		if id == m.instance.ID {
			return true
		}
	}
	return false
}

// weightedRandom chooses each with the probability of its share of the weights.
func (c *candidates) weightedRandom(now int64, rand Rand) int {
	last := len(c.list) - 1
	x := float64(mulhi(rand(), 1<<53)) / (1 << 53) * c.weights(now)
	if c.slow == nil {
		return sort.Search(last, func(i int) bool { return c.upTo[i] > x })
	}
	upTo := 0.0
	for i := range c.list {
		if upTo += c.weight(i, now); upTo > x {
			return i
		}
	}
	return last
}

// leastRequest chooses the less busy of two.
func (c *candidates) leastRequest(now int64, rand Rand) int {
	i, j := twoOf(len(c.list), rand)
	cost := func(i int) float64 {
		return float64(c.list[i].endpoint.inFlight.Load()+1) / c.weight(i, now)
	}
	if cost(j) < cost(i) {
		return j
	}
	return i
}

// peakEWMA chooses the one of two that is likely to answer sooner.
func (c *candidates) peakEWMA(t *Table, now int64, rand Rand) int {
	i, j := twoOf(len(c.list), rand)
	load := func(i int) float64 {
		e := c.list[i].endpoint
		return t.load(&e.latency, e.inFlight.Load(), c.weight(i, now), now)
	}
	// The first is read first: reading seeds what is new.
	first, second := load(i), load(j)
	if second < first {
		return j
	}
	return i
}

// smoothWRR takes turns by weight, with those of the heavy spread out. The mutex of the table is held.
func (c *candidates) smoothWRR(now int64) int {
	best, total := 0, 0.0
	for i := range c.list {
		weight := c.weight(i, now)
		total += weight
		c.list[i].endpoint.current += weight
		if c.list[i].endpoint.current > c.list[best].endpoint.current {
			best = i
		}
	}
	c.list[best].endpoint.current -= total
	return best
}
