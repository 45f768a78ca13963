// What is known of one service, for choosing.

package balance

import (
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Table is what is known of one service, for choosing: its instances, its policy, and the state of its endpoints. It
// is safe for concurrent use; choosing takes no lock but where the balancer needs one (smooth_wrr).
type Table struct {
	roster atomic.Pointer[roster]
	// intervalEnd is when outliers are judged next; before the first outcome, never.
	intervalEnd atomic.Int64
	// mu guards what follows, the outlier and current fields of endpoints, and the replacing of roster and plans.
	mu            sync.Mutex
	intervalBegan int64
	known         bool
	costs         costs
	// news are the ids that were ejected and not told of.
	news []string
}

// roster is the instances and the policy that hold; another takes its place when one of them changes.
type roster struct {
	members   []member // in id order
	protected bool
	policy    *Policy
	// What follows is the policy made ready.
	kind       string
	ranges     []*Range
	rules      []readyRule
	hashHeader string
	plans      atomic.Pointer[[]*plan]
}

// NewTable is a table of a service of which nothing is known yet.
func NewTable() *Table {
	t := &Table{}
	t.intervalEnd.Store(never)
	t.roster.Store(newRoster(nil, false, nil))
	return t
}

// Update says which instances there are, in id order, and under which policy (nil: [DefaultPolicy]). Endpoints keep
// their state while their id, address and port stay. The instances and the policy must not be changed afterwards.
func (t *Table) Update(instances []*Instance, protected bool, policy *Policy, now int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := t.roster.Load()
	members := make([]member, len(instances))
	next := 0
	for i, instance := range instances {
		members[i] = newMember(instance)
		for next < len(before.members) && before.members[next].instance.ID < instance.ID {
			t.leave(before.members[next].endpoint)
			next++
		}
		if next < len(before.members) && before.members[next].instance.ID == instance.ID {
			t.follow(&members[i], &before.members[next], before.protected)
			next++
		}
		t.begin(&members[i], protected, now)
	}
	for ; next < len(before.members); next++ {
		t.leave(before.members[next].endpoint)
	}
	t.known = true
	t.roster.Store(newRoster(members, protected, policy))
}

// follow takes over what was known of the instance.
func (t *Table) follow(m, before *member, protected bool) {
	if before.hostPort != m.hostPort {
		t.leave(before.endpoint)
		return
	}
	m.endpoint = before.endpoint
	m.joined, m.slow = before.joined, before.slow
	m.wasEligible = before.instance.isEligible(protected)
}

// leave forgets an endpoint that is gone.
func (t *Table) leave(e *endpoint) {
	e.gone = true
	t.forget(&e.latency)
}

// begin gives a member that is new, or that may answer again, its slow start.
func (t *Table) begin(m *member, protected bool, now int64) {
	if m.endpoint == nil {
		m.endpoint = &endpoint{id: m.instance.ID}
	}
	if t.known && !m.wasEligible && m.instance.isEligible(protected) {
		m.joined, m.slow = now, true
	}
}

func newRoster(members []member, protected bool, policy *Policy) *roster {
	if policy == nil {
		standard := DefaultPolicy()
		policy = &standard
	}
	r := &roster{
		members: members, protected: protected, policy: policy, kind: policy.Balancer.Kind,
		hashHeader: textproto.CanonicalMIMEHeaderKey(policy.Balancer.HashHeader),
	}
	switch r.kind {
	case "maglev":
		r.kind = Rendezvous
	case "static_stride":
		r.kind = SmoothWRR
	}
	for _, subset := range policy.Subsets {
		versions, err := ParseRange(subset.Version)
		if subset.Version == "" {
			versions = nil
		} else if err != nil {
			versions = &Range{}
		}
		r.ranges = append(r.ranges, versions)
	}
	for i := range policy.Rules {
		r.addRule(&policy.Rules[i])
	}
	return r
}

func (r *roster) addRule(rule *Rule) {
	subset := slices.IndexFunc(r.policy.Subsets, func(s Subset) bool { return s.Name == rule.Subset })
	if subset < 0 {
		return
	}
	ready := readyRule{Rule: rule, subset: subset, name: rule.Subset}
	for name, value := range rule.Headers {
		ready.headers = append(ready.headers, headerIs{textproto.CanonicalMIMEHeaderKey(name), value})
	}
	slices.SortFunc(ready.headers, func(a, b headerIs) int { return strings.Compare(a.name, b.name) })
	if rule.Users != nil {
		ready.user = textproto.CanonicalMIMEHeaderKey(rule.Users.Header)
	}
	r.rules = append(r.rules, ready)
}

// Policy is the policy that holds.
func (t *Table) Policy() *Policy { return t.roster.Load().policy }

// Ejected are the ids of the instances that are left out for failing, in id order.
func (t *Table) Ejected(now int64) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.turn(now)
	var ids []string
	r := t.roster.Load()
	for i := range r.members {
		if r.members[i].endpoint.health.isEjected(now) {
			ids = append(ids, r.members[i].instance.ID)
		}
	}
	return ids
}
