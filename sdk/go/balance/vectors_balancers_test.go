package balance

import (
	"slices"
	"testing"
)

func testWeightedRandom(t *testing.T) {
	type vector struct {
		Name    string
		Weights []float64
		Random  []hex64
		Picked  int
	}
	for _, v := range vectors[vector](t, "weighted-random.json") {
		among := &candidates{}
		for _, weight := range v.Weights {
			among.list = append(among.list, candidate{&member{}, weight})
			among.total += weight
			among.upTo = append(among.upTo, among.total)
		}
		rand, done := drawing(t, v.Name, v.Random)
		if picked := among.weightedRandom(0, rand); picked != v.Picked {
			t.Errorf("%s: %d, expected %d", v.Name, picked, v.Picked)
		}
		done()
	}
}

func testLeastRequest(t *testing.T) {
	type vector struct {
		Name       string
		Candidates []struct {
			InFlight int64 `json:"in_flight"`
			Weight   float64
		}
		Random []hex64
		Picked int
	}
	for _, v := range vectors[vector](t, "least-request.json") {
		among := &candidates{}
		for _, one := range v.Candidates {
			m := &member{endpoint: &endpoint{}}
			m.endpoint.inFlight.Store(one.InFlight)
			among.list = append(among.list, candidate{m, one.Weight})
		}
		rand, done := drawing(t, v.Name, v.Random)
		if picked := among.leastRequest(0, rand); picked != v.Picked {
			t.Errorf("%s: %d, expected %d", v.Name, picked, v.Picked)
		}
		done()
	}
}

type host struct {
	ID, Address  string
	Port, Weight int
}

func hosts(list []host) *candidates {
	var members []*member
	for _, one := range list {
		m := newMember(&Instance{ID: one.ID, Address: one.Address, Port: one.Port, Weight: one.Weight})
		members = append(members, &m)
	}
	return newCandidates(members, nil)
}

func testRingHash(t *testing.T) {
	type vector struct {
		Name       string
		RingSize   int `json:"ring_size"`
		Candidates []host
		Entries    []int
		Picks      []struct {
			Key    string
			Tried  []string
			Picked string
		}
	}
	for _, v := range vectors[vector](t, "ring-hash.json") {
		all := hosts(v.Candidates)
		policy := DefaultPolicy()
		policy.Balancer.RingSize = v.RingSize
		r := newRoster(nil, false, &policy)
		var members []*member
		for i := range all.list {
			members = append(members, all.list[i].member)
		}
		for _, pick := range v.Picks {
			left := all.without(members, pick.Tried, nil)
			if picked := r.onRing(all, left, []byte(pick.Key), pick.Tried).instance.ID; picked != pick.Picked {
				t.Errorf("%s, %q without %v: %s, expected %s", v.Name, pick.Key, pick.Tried, picked, pick.Picked)
			}
		}
		entries := make([]int, len(all.list))
		for _, entry := range all.ring.entries {
			entries[entry.candidate]++
		}
		if !slices.Equal(entries, v.Entries) {
			t.Errorf("%s: entries %v, expected %v", v.Name, entries, v.Entries)
		}
	}
}

func testRendezvous(t *testing.T) {
	type vector struct {
		Name       string
		Candidates []host
		Picks      []struct{ Key, Picked string }
	}
	for _, v := range vectors[vector](t, "rendezvous.json") {
		among := hosts(v.Candidates)
		for _, pick := range v.Picks {
			if picked := among.list[among.rendezvous([]byte(pick.Key))].instance.ID; picked != pick.Picked {
				t.Errorf("%s, %q: %s, expected %s", v.Name, pick.Key, picked, pick.Picked)
			}
		}
	}
}
