// What can be known of a decision before a call is there.

package balance

import (
	"maps"
	"slices"
)

// plansMax bounds the plans kept for a roster: one for each way of asking.
const plansMax = 32

// plan is what can be known of choosing before a call is there. It holds for one roster and one way of asking, until
// an ejection or a slow start ends.
type plan struct {
	asked asked
	until int64
	// reason says why there is nobody to choose.
	reason Reason
	slow   *SlowStart
	all    pool
	// subsets are those of the policy, in its order.
	subsets []pool
	// weighted are the indices of the subsets among which calls without a rule are split, with running sums of weight.
	weighted []int
	upTo     []uint64
}

// asked is what of a query narrows the instances.
type asked struct {
	version      string
	tags         []string
	metadata     map[string]string
	zone, region string
}

func (a *asked) equal(q *Query) bool {
	return a.version == q.Version && a.zone == q.Zone && a.region == q.Region &&
		slices.Equal(a.tags, q.Tags) && (len(a.metadata) == 0 && len(q.Metadata) == 0 || maps.Equal(a.metadata, q.Metadata))
}

// pool is a subset of a service by place.
type pool struct {
	eligible int
	places   []*place
	// loaded are the places with a load; of one nothing is drawn.
	loaded []*place
}

// plan returns the plan for a query, made anew where there is none that holds.
func (t *Table) plan(q *Query, now int64) (*roster, *plan, error) {
	r := t.roster.Load()
	if p := r.find(q, now); p != nil {
		return r, p, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	r = t.roster.Load()
	if p := r.find(q, now); p != nil {
		return r, p, nil
	}
	p, err := newPlan(r, q, now)
	if err != nil {
		return nil, nil, err
	}
	plans := []*plan{p}
	if known := r.plans.Load(); known != nil && len(*known) < plansMax {
		for _, one := range *known {
			if !one.asked.equal(q) {
				plans = append(plans, one)
			}
		}
	}
	r.plans.Store(&plans)
	return r, p, nil
}

func (r *roster) find(q *Query, now int64) *plan {
	plans := r.plans.Load()
	if plans == nil {
		return nil
	}
	for _, p := range *plans {
		if now < p.until && p.asked.equal(q) {
			return p
		}
	}
	return nil
}

func newPlan(r *roster, q *Query, now int64) (*plan, error) {
	p := &plan{until: never, asked: asked{
		version: q.Version, tags: slices.Clone(q.Tags), metadata: maps.Clone(q.Metadata), zone: q.Zone, region: q.Region,
	}}
	var versions *Range
	if q.Version != "" {
		var err error
		if versions, err = ParseRange(q.Version); err != nil {
			return nil, err
		}
	}
	p.pace(r, now)
	var members []*member
	eligible := 0
	for i := range r.members {
		m := &r.members[i]
		if m.endpoint.health.isEjected(now) {
			p.until = min(p.until, m.endpoint.health.until)
		}
		eligible += truth(m.instance.isEligible(r.protected))
		if m.matches(versions, q.Tags, q.Metadata) {
			members = append(members, m)
		}
	}
	p.all = p.newPool(r, members, now)
	p.reason = reasonOf(len(r.members), eligible, p.all.eligible)
	p.divide(r, members, now)
	return p, nil
}

// pace finds whether slow start changes weights, and until when the same endpoints are in it.
func (p *plan) pace(r *roster, now int64) {
	settings := &r.policy.SlowStart
	if settings.Window == 0 {
		return
	}
	starting, eligible := 0, 0
	for i := range r.members {
		m := &r.members[i]
		if !m.instance.isEligible(r.protected) {
			continue
		}
		eligible++
		if m.slow && settings.holds(now-m.joined) {
			starting++
			p.until = min(p.until, m.joined+int64(settings.Window))
		}
	}
	if starting > 0 && starting*2 <= eligible {
		p.slow = settings
	}
}

// divide makes the pools of the policy's subsets.
func (p *plan) divide(r *roster, members []*member, now int64) {
	total := uint64(0)
	for i := range r.policy.Subsets {
		subset := &r.policy.Subsets[i]
		var within []*member
		for _, m := range members {
			if m.matches(r.ranges[i], subset.Tags, subset.Metadata) {
				within = append(within, m)
			}
		}
		p.subsets = append(p.subsets, p.newPool(r, within, now))
		if subset.Weight > 0 && p.subsets[i].eligible > 0 {
			total += uint64(subset.Weight)
			p.weighted, p.upTo = append(p.weighted, i), append(p.upTo, total)
		}
	}
}

// newPool sorts members by place, shares the load among the places, and gathers the candidates of each.
func (p *plan) newPool(r *roster, members []*member, now int64) pool {
	var result pool
	locality := &r.policy.Locality
	byRank := make([]*place, 3+len(locality.FailoverRegions))
	for _, m := range members {
		if !m.instance.isUp() {
			continue
		}
		rank, name := rank(m.instance, p.asked.zone, p.asked.region, locality.FailoverRegions)
		if byRank[rank] == nil {
			byRank[rank] = &place{name: name}
		}
		in := byRank[rank]
		in.up = append(in.up, m)
		if m.instance.isEligible(r.protected) {
			result.eligible++
			in.eligible = append(in.eligible, m)
			if !m.endpoint.health.isEjected(now) {
				in.healthy = append(in.healthy, m)
			}
		}
	}
	result.places = slices.DeleteFunc(byRank, func(in *place) bool { return in == nil })
	if result.eligible == 0 {
		return result
	}
	if !locality.share(result.places) && locality.PanicThreshold > 0 {
		first := slices.IndexFunc(result.places, func(in *place) bool { return len(in.eligible) > 0 })
		result.places[first].load, result.places[first].panic = 100, true
	}
	for _, in := range result.places {
		if in.load == 0 {
			continue
		}
		if in.among = in.healthy; in.panic {
			in.among = in.eligible
		}
		in.candidates = newCandidates(in.among, p.slow)
		result.loaded = append(result.loaded, in)
	}
	return result
}
