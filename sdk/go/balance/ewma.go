// Latencies that rise at once and are forgotten slowly.

package balance

import (
	"math"
	"slices"
	"sync/atomic"
	"time"
)

const (
	costUnknown    = 30 * time.Millisecond
	costFailureMin = 100 * time.Millisecond
)

// ewma is the latency of an endpoint: it rises at once and is forgotten slowly. It is written under the mutex of the
// table; reading takes no lock.
type ewma struct {
	cost  atomic.Uint64 // the bits of a float64, in nanoseconds
	stamp atomic.Int64
	// used: it has a cost; observed: and not only what it was seeded with.
	used, observed atomic.Bool
}

func (e *ewma) read() float64 { return math.Float64frombits(e.cost.Load()) }

func (e *ewma) write(cost float64, stamp int64) {
	e.cost.Store(math.Float64bits(cost))
	e.stamp.Store(stamp)
	e.used.Store(true)
}

// kept is the share of the past that still counts.
func (e *ewma) kept(now int64, decay Duration) float64 {
	passed := now - e.stamp.Load()
	if passed <= 0 {
		return 1
	}
	return math.Exp(-float64(passed) / float64(decay))
}

// load is what a call at an endpoint is likely to cost. The mutex isn't held: what is new is seeded.
func (t *Table) load(e *ewma, inFlight int64, weight float64, now int64) float64 {
	if !e.used.Load() {
		t.mu.Lock()
		t.seed(e, now)
		t.mu.Unlock()
	}
	cost := float64(e.read() * e.kept(now, t.Policy().Balancer.Decay))
	return (cost + 1) * float64(inFlight+1) / weight
}

// seed gives e a cost at its first use: the middle of what the others cost. The mutex is held.
func (t *Table) seed(e *ewma, now int64) {
	if !e.used.Load() {
		e.write(t.costs.median(float64(costUnknown)), now)
	}
}

// observe takes a latency. The mutex is held.
func (t *Table) observe(e *ewma, rtt float64, now int64) {
	t.seed(e, now)
	kept, cost := e.kept(now, t.Policy().Balancer.Decay), e.read()
	t.forget(e)
	if rtt > cost {
		cost = rtt
	} else {
		cost = float64(cost*kept) + float64(rtt*(1-kept))
	}
	e.write(cost, max(e.stamp.Load(), now))
	e.observed.Store(true)
	t.costs.add(cost)
}

// observeFailure keeps an endpoint that fails fast from looking fast. The mutex is held.
func (t *Table) observeFailure(e *ewma, rtt float64, now int64) {
	t.seed(e, now)
	t.forget(e)
	median := t.costs.median(0)
	if e.observed.Load() {
		t.costs.add(e.read())
	}
	t.observe(e, max(rtt, 2*median, float64(costFailureMin)), now)
}

// forget takes what e cost from the costs of the endpoints.
func (t *Table) forget(e *ewma) {
	if e.observed.Load() {
		t.costs.remove(e.read())
	}
}

// costs are those of the endpoints that have observed something, in order, so that their middle is at hand.
type costs []float64

// median is the lower one; other if there is none.
func (c costs) median(other float64) float64 {
	if len(c) == 0 {
		return other
	}
	return c[(len(c)-1)/2]
}

func (c *costs) add(cost float64) {
	at, _ := slices.BinarySearch(*c, cost)
	*c = slices.Insert(*c, at, cost)
}

func (c *costs) remove(cost float64) {
	if at, there := slices.BinarySearch(*c, cost); there {
		*c = slices.Delete(*c, at, at+1)
	}
}
