package balance

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
)

func testOutliers(t *testing.T) {
	type vector struct {
		Name      string
		Settings  json.RawMessage `json:"outlier_detection"`
		Endpoints []string
		Steps     []struct {
			At        int64
			ID        string
			Success   bool
			Count     int
			Endpoints []string
			Ejected   []string
		}
	}
	for _, v := range vectors[vector](t, "outlier.json") {
		policy := policyPart(t, "outlier_detection", v.Settings)
		table := tableOf(policy, v.Endpoints...)
		for i, step := range v.Steps {
			if step.Endpoints != nil {
				var instances []*Instance
				for _, id := range step.Endpoints {
					instances = append(instances, up(id))
				}
				table.Update(instances, false, policy, step.At)
			}
			for range step.Count {
				outcome := Failure
				if step.Success {
					outcome = Success
				}
				choice := table.choiceOf(step.ID)
				choice.Begin()
				choice.Finish(outcome, 0, step.At)
			}
			if ejected := table.Ejected(step.At); !slices.Equal(ejected, step.Ejected) {
				t.Errorf("%s, step %d: %v ejected, expected %v", v.Name, i, ejected, step.Ejected)
			}
		}
	}
}

// choiceOf is as if an instance had been chosen.
func (t *Table) choiceOf(id string) Choice {
	r := t.roster.Load()
	for i := range r.members {
		if m := &r.members[i]; m.instance.ID == id {
			return Choice{m.instance, t, m.endpoint, m.hostPort}
		}
	}
	panic("no instance " + id)
}

type ewmaStep struct {
	Do, ID     string
	At         int64
	RTT        float64
	Cost       *float64
	Stamp      int64
	InFlight   int64 `json:"in_flight"`
	Weight     float64
	Load       float64
	Candidates []struct {
		ID       string
		InFlight int64 `json:"in_flight"`
		Weight   float64
	}
	Random []hex64
	Picked string
}

func testPeakEWMA(t *testing.T) {
	type vector struct {
		Name, Decay string
		Steps       []ewmaStep
	}
	for _, v := range vectors[vector](t, "peak-ewma.json") {
		policy := policyPart(t, "balancer", json.RawMessage(`{"decay":"`+v.Decay+`"}`))
		table := tableOf(policy)
		known := map[string]*endpoint{}
		for i := range v.Steps {
			step := &v.Steps[i]
			if step.ID != "" && known[step.ID] == nil {
				known[step.ID] = &endpoint{}
			}
			name := fmt.Sprintf("%s, step %d", v.Name, i)
			if step.Do == "pick" {
				step.pick(t, name, table, known)
				continue
			}
			step.play(t, name, table, known)
		}
	}
}

// play does what a step says to one endpoint.
func (s *ewmaStep) play(t *testing.T, name string, table *Table, known map[string]*endpoint) {
	e := &known[s.ID].latency
	switch s.Do {
	case "observe":
		table.observe(e, s.RTT, s.At)
	case "fail":
		table.observeFailure(e, s.RTT, s.At)
	case "gone":
		table.leave(known[s.ID])
		delete(known, s.ID)
	case "load":
		if load := table.load(e, s.InFlight, s.Weight, s.At); !near(load, s.Load) {
			t.Errorf("%s: load %v, expected %v", name, load, s.Load)
		}
	default:
		t.Fatalf("%s: nothing is called %s", name, s.Do)
	}
	if s.Cost != nil && (!near(e.read(), *s.Cost) || e.stamp.Load() != s.Stamp) {
		t.Errorf("%s: cost %v, stamp %d, expected %v, %d", name, e.read(), e.stamp.Load(), *s.Cost, s.Stamp)
	}
}

func (s *ewmaStep) pick(t *testing.T, name string, table *Table, known map[string]*endpoint) {
	among := &candidates{}
	for _, one := range s.Candidates {
		if known[one.ID] == nil {
			known[one.ID] = &endpoint{}
		}
		known[one.ID].inFlight.Store(one.InFlight)
		among.list = append(among.list, candidate{&member{instance: up(one.ID), endpoint: known[one.ID]}, one.Weight})
	}
	rand, done := drawing(t, name, s.Random)
	defer done()
	if picked := among.list[among.peakEWMA(table, s.At, rand)].instance.ID; picked != s.Picked {
		t.Errorf("%s: picked %s, expected %s", name, picked, s.Picked)
	}
}

func testSlowStart(t *testing.T) {
	type vector struct {
		Name    string
		Slow    json.RawMessage `json:"slow_start"`
		Ages    []*int64
		Factors []float64
	}
	for _, v := range vectors[vector](t, "slow-start.json") {
		policy := policyPart(t, "slow_start", v.Slow)
		const now = int64(1) << 50
		r := newRoster(nil, false, policy)
		for _, age := range v.Ages {
			m := newMember(up("a"))
			if m.endpoint = (&endpoint{}); age != nil {
				m.slow, m.joined = true, now-*age
			}
			r.members = append(r.members, m)
		}
		p, err := newPlan(r, &Query{}, now)
		if err != nil {
			t.Fatal(err)
		}
		if len(v.Ages) == 0 {
			continue
		}
		among := p.all.places[0].candidates
		for i, want := range v.Factors {
			if got := among.weight(i, now) / 100; !near(got, want) {
				t.Errorf("%s: factor %d is %v, expected %v", v.Name, i, got, want)
			}
		}
	}
}

func testSmoothWRR(t *testing.T) {
	type vector struct {
		Name   string
		Rounds []struct {
			Gone       []string
			Candidates []struct {
				ID     string
				Weight float64
			}
			Picked string
		}
	}
	for _, v := range vectors[vector](t, "smooth-wrr.json") {
		known := map[string]*endpoint{}
		for i, round := range v.Rounds {
			for _, id := range round.Gone {
				delete(known, id)
			}
			among := &candidates{}
			for _, one := range round.Candidates {
				if known[one.ID] == nil {
					known[one.ID] = &endpoint{}
				}
				among.list = append(among.list, candidate{&member{instance: up(one.ID), endpoint: known[one.ID]}, one.Weight})
			}
			if picked := among.list[among.smoothWRR(0)].instance.ID; picked != round.Picked {
				t.Errorf("%s, round %d: %s, expected %s", v.Name, i, picked, round.Picked)
			}
		}
	}
}
