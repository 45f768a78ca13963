package balance

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"testing"
)

// headersOf gives headers their canonical names, as a server does.
func headersOf(pairs map[string]string) http.Header {
	headers := http.Header{}
	for name, value := range pairs {
		headers.Set(name, value)
	}
	return headers
}

func policyOf(t *testing.T, data json.RawMessage) *Policy {
	t.Helper()
	if string(data) == "null" {
		return nil
	}
	policy, err := ParsePolicy(data)
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

type whereabouts struct{ Zone, Region string }

func testSubsets(t *testing.T) {
	type vector struct {
		Name    string
		Policy  json.RawMessage
		Members []*Instance
		Caller  whereabouts
		Headers map[string]string
		Random  []hex64
		Drawn   int
		Subset  *string
		Left    []string
	}
	for _, v := range vectors[vector](t, "subsets.json") {
		table := NewTable()
		table.Update(v.Members, false, policyOf(t, v.Policy), 0)
		query := &Query{Zone: v.Caller.Zone, Region: v.Caller.Region, Headers: headersOf(v.Headers)}
		r, p, err := table.plan(query, 0)
		if err != nil {
			t.Fatal(err)
		}
		rand, done := drawing(t, v.Name, v.Random[:v.Drawn])
		subset, _ := p.subset(r, query, rand)
		done()
		left, name := &p.all, ""
		if subset >= 0 {
			left, name = &p.subsets[subset], r.policy.Subsets[subset].Name
		}
		ids := []string{}
		for _, in := range left.places {
			for _, m := range in.eligible {
				ids = append(ids, m.instance.ID)
			}
		}
		slices.Sort(ids)
		if (subset >= 0) != (v.Subset != nil) || v.Subset != nil && *v.Subset != name || !slices.Equal(ids, v.Left) {
			t.Errorf("%s: subset %q with %v, expected %v with %v", v.Name, name, ids, v.Subset, v.Left)
		}
	}
}

type endpointState struct {
	InFlight       int64    `json:"in_flight"`
	Cost           *float64 `json:"cost"`
	Stamp          int64    `json:"stamp"`
	EjectedUntil   *int64   `json:"ejected_until"`
	SlowStartBegan *int64   `json:"slow_start_began"`
	Current        float64  `json:"current"`
}

func (s *endpointState) put(t *Table, m *member) {
	m.endpoint.inFlight.Store(s.InFlight)
	m.endpoint.current = s.Current
	if s.Cost != nil {
		m.endpoint.latency.write(*s.Cost, s.Stamp)
		m.endpoint.latency.observed.Store(true)
		t.costs.add(*s.Cost)
	}
	if s.EjectedUntil != nil {
		m.endpoint.health.ejected, m.endpoint.health.until = true, *s.EjectedUntil
	}
	if s.SlowStartBegan != nil {
		m.slow, m.joined = true, *s.SlowStartBegan
	}
}

func testDecide(t *testing.T) {
	type vector struct {
		Name      string
		Members   []*Instance
		Protected bool
		Policy    json.RawMessage
		Caller    whereabouts
		Request   struct {
			Version  string
			Tags     []string
			Metadata map[string]string
			Headers  map[string]string
			HashKey  *string `json:"hash_key"`
			Tried    []string
		}
		Endpoints map[string]*endpointState
		Now       int64
		Random    []hex64
		Drawn     int
		Picked    string
		Subset    *string
		Priority  string
		Error     Reason
	}
	for _, v := range vectors[vector](t, "decide.json") {
		table := NewTable()
		table.Update(v.Members, v.Protected, policyOf(t, v.Policy), v.Now)
		r := table.roster.Load()
		for i := range r.members {
			if state := v.Endpoints[r.members[i].instance.ID]; state != nil {
				state.put(table, &r.members[i])
			}
		}
		var trace Trace
		query := &Query{
			Version: v.Request.Version, Tags: v.Request.Tags, Metadata: v.Request.Metadata,
			Zone: v.Caller.Zone, Region: v.Caller.Region, Headers: headersOf(v.Request.Headers),
			Tried: v.Request.Tried, Trace: &trace,
		}
		if v.Request.HashKey != nil {
			query.HashKey = []byte(*v.Request.HashKey)
		}
		rand, done := drawing(t, v.Name, v.Random[:v.Drawn])
		choice, err := table.Decide(query, v.Now, rand)
		done()
		var none *NoInstanceError
		if v.Error != "" {
			if !errors.As(err, &none) || none.Reason != v.Error {
				t.Errorf("%s: %v, expected %s", v.Name, err, v.Error)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
			continue
		}
		subset := ""
		if v.Subset != nil {
			subset = *v.Subset
		}
		if choice.Instance.ID != v.Picked || trace.Chosen != v.Picked || trace.Subset != subset || trace.Place != v.Priority {
			t.Errorf("%s: %s of %q at %s, expected %s of %q at %s",
				v.Name, choice.Instance.ID, trace.Subset, trace.Place, v.Picked, subset, v.Priority)
		}
	}
}
