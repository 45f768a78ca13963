// How a decision came about.

package balance

// Trace is how a choice came about.
type Trace struct {
	// Subset is the subset of the policy that was chosen, empty for all; Rule is the number of the rule that chose it, -1
	// for none. Rules for subsets that don't exist aren't counted.
	Subset string
	Rule   int
	// Places are the places in the order of priority; Place is the one that was drawn.
	Places []TracePlace
	Place  string
	// Candidates are those among whom Balancer chose, and Chosen is the id of the one.
	Candidates []TraceCandidate
	Balancer   string
	Chosen     string
}

// TracePlace is one priority of the locality order.
type TracePlace struct {
	// Name is zone, region, failover:REGION or other.
	Name string
	// Up counts those with status up, Eligible those who may answer, Healthy those who aren't ejected.
	Up, Eligible, Healthy int
	// Load is its share of the calls in percent.
	Load int
	// Panic says that too few are healthy, so that ejected ones are chosen too.
	Panic bool
}

// TraceCandidate is one of those among whom was chosen.
type TraceCandidate struct {
	ID string
	// Weight is its share relative to the others, slow start included.
	Weight float64
	// InFlight counts the calls under way; Cost is the latency that is remembered, in nanoseconds.
	InFlight int64
	Cost     float64
}

func (t *Trace) note(r *roster, subset, rule int, within *pool, drawn *place) {
	*t = Trace{Rule: rule, Balancer: r.kind}
	if subset >= 0 {
		t.Subset = r.policy.Subsets[subset].Name
	}
	for _, in := range within.places {
		t.Places = append(t.Places, TracePlace{
			Name: in.name, Up: len(in.up), Eligible: len(in.eligible), Healthy: len(in.healthy), Load: in.load, Panic: in.panic,
		})
	}
	if drawn != nil {
		t.Place = drawn.name
	}
}

func (t *Trace) weigh(r *roster, c *candidates, now int64) {
	for i, one := range c.list {
		t.Candidates = append(t.Candidates, TraceCandidate{
			ID: one.instance.ID, Weight: c.weight(i, now),
			InFlight: one.endpoint.inFlight.Load(), Cost: one.endpoint.latency.read(),
		})
	}
}
