// A whole decision: one instance, or why there is none.

package balance

// Query is what a caller asks for. The zero value asks for any instance.
type Query struct {
	// Version is a version range such as ^1.4; empty: any version and none.
	Version string
	// Tags are all to be there, as are the pairs of Metadata.
	Tags     []string
	Metadata map[string]string
	// Zone and Region are the caller's.
	Zone, Region string
	// Headers are those of the call, for the rules of the policy and its hash_header.
	Headers Headers
	// HashKey is the key of the hashing balancers, where the policy's header doesn't give it. Nil: there is none, and
	// chance decides; an empty key is one.
	HashKey []byte
	// Tried are ids that are chosen only where there is no other.
	Tried []string
	// Trace, if any, is filled with how the choice came about.
	Trace *Trace
}

// Reason says why there is no instance to choose.
type Reason string

// The reasons of a [*NoInstanceError].
const (
	NoInstances  Reason = "no instances"
	NoneEligible Reason = "none eligible"
	NoneMatch    Reason = "none match"
	AllEjected   Reason = "all ejected"
)

// NoInstanceError is a query that no instance can answer.
type NoInstanceError struct{ Reason Reason }

func (e *NoInstanceError) Error() string { return "no instance can be chosen: " + string(e.Reason) }

func reasonOf(members, eligible, asked int) Reason {
	switch {
	case members == 0:
		return NoInstances
	case eligible == 0:
		return NoneEligible
	case asked == 0:
		return NoneMatch
	}
	return ""
}

// Choice is an instance that was chosen. The zero value is none.
type Choice struct {
	Instance *Instance
	table    *Table
	endpoint *endpoint
	hostPort string
}

// HostPort is the address and port of the instance as one dials it.
func (c Choice) HostPort() string { return c.hostPort }

// Decide chooses an instance. Its error is a [*NoInstanceError] or, for the query's version, a [*RangeError]. It
// changes nothing but what the balancer itself keeps; call [Choice.Begin] when the call begins. Without ids that were
// tried and without a trace it allocates nothing.
func (t *Table) Decide(q *Query, now int64, rand Rand) (Choice, error) {
	if now >= t.intervalEnd.Load() {
		t.mu.Lock()
		t.turn(now)
		t.mu.Unlock()
	}
	r, p, err := t.plan(q, now)
	if err != nil {
		return Choice{}, err
	}
	if p.reason != "" {
		return Choice{}, &NoInstanceError{p.reason}
	}
	subset, rule := p.subset(r, q, rand)
	within := &p.all
	if subset >= 0 {
		within = &p.subsets[subset]
	}
	place := within.draw(rand)
	if q.Trace != nil {
		q.Trace.note(r, subset, rule, within, place)
	}
	if place == nil {
		return Choice{}, &NoInstanceError{AllEjected}
	}
	chosen := t.balance(r, p, place, q, now, rand)
	if q.Trace != nil {
		q.Trace.Chosen = chosen.instance.ID
	}
	return Choice{chosen.instance, t, chosen.endpoint, chosen.hostPort}, nil
}

// draw chooses a place by load; nil if none has any.
func (p *pool) draw(rand Rand) *place {
	switch len(p.loaded) {
	case 0:
		return nil
	case 1:
		return p.loaded[0]
	}
	x := int(mulhi(rand(), 100))
	for _, in := range p.loaded {
		if x < in.load {
			return in
		}
		x -= in.load
	}
	return p.loaded[len(p.loaded)-1]
}

// balance lets the balancer choose among the candidates of a place.
func (t *Table) balance(r *roster, p *plan, in *place, q *Query, now int64, rand Rand) *member {
	all := in.candidates
	c := all
	if len(q.Tried) > 0 {
		c = all.without(in.among, q.Tried, p.slow)
	}
	if q.Trace != nil {
		q.Trace.weigh(r, c, now)
	}
	if r.kind == SmoothWRR {
		t.mu.Lock()
		defer t.mu.Unlock()
		return c.list[c.smoothWRR(now)].member
	}
	if len(c.list) == 1 {
		return c.list[0].member
	}
	switch r.kind {
	case WeightedRandom:
		return c.list[c.weightedRandom(now, rand)].member
	case LeastRequest:
		return c.list[c.leastRequest(now, rand)].member
	case RingHash:
		var space [64]byte
		return r.onRing(all, c, r.hashKey(q, rand, space[:0]), q.Tried)
	case Rendezvous:
		var space [64]byte
		return c.list[c.rendezvous(r.hashKey(q, rand, space[:0]))].member
	default:
		return c.list[c.peakEWMA(t, now, rand)].member
	}
}

// onRing keeps to the ring of all candidates, whoever was tried, so that a key moves no further than to the next.
func (r *roster) onRing(all, left *candidates, key []byte, tried []string) *member {
	size := r.policy.Balancer.RingSize
	if all == left {
		return all.list[all.ringHash(size, key, nil)].member
	}
	if i := all.ringHash(size, key, tried); i >= 0 {
		return all.list[i].member
	}
	return left.list[left.ringHash(size, key, nil)].member
}

// hashKey appends what the hashing balancers hash to buffer: the value of the policy's header, else what the caller
// gave, else a random number.
func (r *roster) hashKey(q *Query, rand Rand, buffer []byte) []byte {
	if r.hashHeader != "" {
		if value, there := header(q.Headers, r.hashHeader); there {
			return append(buffer, value...)
		}
	}
	if q.HashKey != nil {
		return append(buffer, q.HashKey...)
	}
	number := rand()
	for shift := 60; shift >= 0; shift -= 4 {
		buffer = append(buffer, "0123456789abcdef"[number>>shift&15])
	}
	return buffer
}
