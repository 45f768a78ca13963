package balance

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

func numbered(n int) []*Instance {
	var instances []*Instance
	for i := range n {
		instances = append(instances, up(fmt.Sprintf("i%05d", i)))
	}
	return instances
}

func TestChoosingAllocatesNothing(t *testing.T) {
	for _, kind := range []string{WeightedRandom, SmoothWRR, LeastRequest, PeakEWMA, RingHash, Rendezvous} {
		policy := DefaultPolicy()
		policy.Balancer.Kind = kind
		policy.Balancer.HashHeader = "x-user"
		policy.Subsets = []Subset{{Name: "all"}}
		policy.Rules = []Rule{{Headers: map[string]string{"x-beta": "1"}, Subset: "all"}}
		table := NewTable()
		table.Update(numbered(20), false, &policy, 0)
		query := &Query{Zone: "a", Headers: http.Header{"X-User": {"somebody"}, "X-Beta": {"1"}}}
		now := int64(0)
		call := func() {
			now += int64(time.Millisecond)
			choice, err := table.Decide(query, now, rand.Uint64)
			if err != nil {
				t.Fatal(err)
			}
			choice.Begin()
			choice.Finish(Success, time.Millisecond, now)
		}
		for range 1000 { // each endpoint is seeded at its first use
			call()
		}
		if allocated := testing.AllocsPerRun(1000, call); allocated != 0 {
			t.Errorf("%s: %v allocations a choice", kind, allocated)
		}
	}
}

func TestManyChooseWhileInstancesChange(t *testing.T) {
	table := NewTable()
	instances := numbered(30)
	table.Update(instances, false, nil, 0)
	begun := time.Now()
	clock := func() int64 { return int64(time.Since(begun)) }
	var callers sync.WaitGroup
	for range 8 {
		callers.Add(1)
		go func() {
			defer callers.Done()
			for i := range 2000 {
				choice, err := table.Decide(&Query{Tags: nil}, clock(), rand.Uint64)
				if err != nil {
					t.Error(err)
					return
				}
				choice.Begin()
				choice.Finish(Outcome(i%4), time.Millisecond, clock())
			}
		}()
	}
	for i := range 200 {
		table.Update(instances[:10+i%20], false, nil, clock())
	}
	callers.Wait()
	r := table.roster.Load()
	for i := range r.members {
		if n := r.members[i].endpoint.inFlight.Load(); n != 0 {
			t.Errorf("%s has %d calls in flight after the last", r.members[i].instance.ID, n)
		}
	}
}

func TestAnEndpointIsItsAddress(t *testing.T) {
	table := tableOf(nil, "a", "b")
	choice := table.choiceOf("a")
	choice.Begin()
	choice.Finish(Failure, time.Second, 0)
	lighter := up("a")
	lighter.Weight = 1
	table.Update([]*Instance{lighter, up("b")}, false, nil, 0)
	if table.choiceOf("a").endpoint != choice.endpoint {
		t.Error("another weight made another endpoint")
	}
	moved := up("a")
	moved.Port = 81
	table.Update([]*Instance{moved, up("b")}, false, nil, 0)
	if table.choiceOf("a").endpoint == choice.endpoint {
		t.Error("another port is the same endpoint")
	}
}

func TestSlowStartBegins(t *testing.T) {
	policy := DefaultPolicy()
	policy.SlowStart.Window = Duration(time.Minute)
	failing := func(instance *Instance) *Instance {
		instance.Health = HealthFailing
		return instance
	}
	starting := func(table *Table) []string {
		ids := []string{}
		for _, m := range table.roster.Load().members {
			if m.slow && policy.SlowStart.holds(0-m.joined) {
				ids = append(ids, m.instance.ID)
			}
		}
		return ids
	}
	table := NewTable()
	table.Update([]*Instance{up("a"), failing(up("b"))}, false, &policy, 0)
	if ids := starting(table); len(ids) != 0 {
		t.Errorf("%v start slowly in a service that was not known", ids)
	}
	table.Update([]*Instance{up("a"), up("b"), up("c")}, false, &policy, 0)
	if ids := starting(table); !slices.Equal(ids, []string{"b", "c"}) {
		t.Errorf("%v start slowly, expected the one that came back and the one that came", ids)
	}
}

func TestPoliciesThatCannotBeReadAreRefused(t *testing.T) {
	for _, text := range []string{
		`{"balancer":{"decay":"soon"}}`, `{"timeouts":{"connect":"-1s"}}`, `{"subsets":{}}`, `[]`, `{`,
	} {
		if _, err := ParsePolicy([]byte(text)); err == nil {
			t.Errorf("%s: taken", text)
		}
	}
}

func TestPoliciesThatCannotBeFollowedHoldAsFarAsTheyCan(t *testing.T) {
	policy, err := ParsePolicy([]byte(`{"what":"is this","slow_start":null,"subsets":[{"name":"new","version":"!!","weight":1}],
		"balancer":{"kind":"of its own","hash_header":null,"decay":"0s","ring_size":0},"outlier_detection":{"interval":"0s"}}`))
	standard := DefaultPolicy()
	if err != nil || policy.Timeouts != standard.Timeouts || policy.Outliers != standard.Outliers ||
		policy.Balancer.Decay != standard.Balancer.Decay || policy.Balancer.RingSize != standard.Balancer.RingSize {
		t.Fatalf("%+v, %v", policy, err)
	}
	one := up("a")
	one.Version = "1.0.0"
	table := NewTable()
	table.Update([]*Instance{one}, false, policy, 0)
	var trace Trace
	if choice, err := table.Decide(&Query{Trace: &trace}, 0, rand.Uint64); err != nil || choice.Instance != one || trace.Subset != "" {
		t.Errorf("%+v, %v", trace, err)
	}
}

func TestWaysOfAskingAreBounded(t *testing.T) {
	table := tableOf(nil, "a")
	for i := range 3 * plansMax {
		if _, err := table.Decide(&Query{Zone: fmt.Sprint(i)}, 0, rand.Uint64); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(*table.roster.Load().plans.Load()); n > plansMax {
		t.Errorf("%d plans are kept", n)
	}
}
