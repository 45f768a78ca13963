package balance

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"
)

func testXXH64(t *testing.T) {
	type vector struct {
		Name, Text, Hex string
		Seed, Hash      hex64
	}
	for _, v := range vectors[vector](t, "xxh64.json") {
		data := []byte(v.Text)
		if v.Hex != "" {
			data, _ = hex.DecodeString(v.Hex)
		}
		if got := XXH64Seed(data, uint64(v.Seed)); got != uint64(v.Hash) {
			t.Errorf("%s: %016x, expected %016x", v.Name, got, uint64(v.Hash))
		}
	}
}

func testVersionRange(t *testing.T) {
	type vector struct {
		Range, Canonical, Note string
		Matches, Misses        []string
		Error                  RangeErrorKind
		At                     int
	}
	for _, v := range vectors[vector](t, "version-range.json") {
		versions, err := ParseRange(v.Range)
		if v.Error != "" {
			var refused *RangeError
			if !errors.As(err, &refused) || refused.Kind != v.Error || refused.At != v.At {
				t.Errorf("%q: %v, expected %s at %d", v.Range, err, v.Error, v.At)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", v.Range, err)
			continue
		}
		again, err := ParseRange(versions.String())
		if err != nil || versions.String() != v.Canonical || again.String() != v.Canonical {
			t.Errorf("%q: %q, expected %q (%v)", v.Range, versions, v.Canonical, err)
		}
		for _, text := range append(slices.Clone(v.Matches), v.Misses...) {
			version, ok := ParseVersion(text)
			if want := slices.Contains(v.Matches, text); !ok || versions.Matches(version) != want {
				t.Errorf("%q: %s: a version: %v, expected in the range: %v", v.Range, text, ok, want)
			}
		}
	}
}

func testEligibility(t *testing.T) {
	type vector struct {
		Name      string
		Threshold int `json:"protect_threshold"`
		Members   []struct{ ID, Status, Health string }
		Protected bool
		Eligible  []string
	}
	for _, v := range vectors[vector](t, "eligibility.json") {
		var members []Instance
		for _, m := range v.Members {
			members = append(members, Instance{ID: m.ID, Status: m.Status, Health: m.Health})
		}
		protected := Protected(members, v.Threshold)
		eligible := []string{}
		for i := range members {
			if members[i].isEligible(protected) {
				eligible = append(eligible, members[i].ID)
			}
		}
		if protected != v.Protected || !slices.Equal(eligible, v.Eligible) {
			t.Errorf("%s: %v, protected %v", v.Name, eligible, protected)
		}
	}
}

func testDraw(t *testing.T) {
	type vector struct {
		Name    string
		N       int
		Random  []hex64
		Indices [2]int
	}
	for _, v := range vectors[vector](t, "p2c-draw.json") {
		rand, done := drawing(t, v.Name, v.Random)
		if i, j := twoOf(v.N, rand); [2]int{i, j} != v.Indices {
			t.Errorf("%s: %d, %d, expected %v", v.Name, i, j, v.Indices)
		}
		done()
	}
}

func testBackoff(t *testing.T) {
	type vector struct {
		Name    string
		Retries json.RawMessage
		N       int
		Random  []hex64
		Wait    time.Duration
	}
	for _, v := range vectors[vector](t, "backoff.json") {
		rand, done := drawing(t, v.Name, v.Random)
		var wait time.Duration
		if v.Retries == nil {
			wait = Reconnect(v.N, rand)
		} else {
			wait = policyPart(t, "retries", v.Retries).Retries.Backoff(v.N, rand)
		}
		if wait != v.Wait {
			t.Errorf("%s: %d, expected %d", v.Name, wait, v.Wait)
		}
		done()
	}
}

func testRetryBudget(t *testing.T) {
	type vector struct {
		Name    string
		Retries json.RawMessage
		Steps   []struct {
			At                      int64
			Tries, Retries, Granted int
		}
	}
	for _, v := range vectors[vector](t, "retry-budget.json") {
		retries := &policyPart(t, "retries", v.Retries).Retries
		var budget Budget
		for i, step := range v.Steps {
			for range step.Tries {
				budget.Deposit(step.At)
			}
			granted := 0
			for range step.Retries {
				granted += truth(budget.Withdraw(retries, step.At))
			}
			if granted != step.Granted {
				t.Errorf("%s, step %d: %d granted, expected %d", v.Name, i, granted, step.Granted)
			}
		}
	}
}

func testLatencyBuckets(t *testing.T) {
	type vector struct {
		Name    string
		Latency time.Duration
		Bucket  int
	}
	for _, v := range vectors[vector](t, "latency-buckets.json") {
		if got := LatencyBucket(v.Latency); got != v.Bucket {
			t.Errorf("%s: bucket %d, expected %d", v.Name, got, v.Bucket)
		}
	}
}

func testLocality(t *testing.T) {
	type vector struct {
		Name       string
		Locality   json.RawMessage
		Priorities []struct{ Healthy, Total int }
		Loads      []int
		Panic      []bool
		Draws      []struct {
			Random   []hex64
			Priority int
		}
	}
	for _, v := range vectors[vector](t, "locality.json") {
		locality := &policyPart(t, "locality", v.Locality).Locality
		var within pool
		for _, p := range v.Priorities {
			within.places = append(within.places, &place{up: make([]*member, p.Total), healthy: make([]*member, p.Healthy)})
		}
		locality.share(within.places)
		for i, in := range within.places {
			if in.load != v.Loads[i] || in.panic != v.Panic[i] {
				t.Errorf("%s, priority %d: load %d, panic %v", v.Name, i, in.load, in.panic)
			}
			if in.load > 0 {
				within.loaded = append(within.loaded, in)
			}
		}
		for i, draw := range v.Draws {
			rand, done := drawing(t, v.Name, draw.Random)
			if in := within.draw(rand); slices.Index(within.places, in) != draw.Priority {
				t.Errorf("%s, draw %d: another priority than %d", v.Name, i, draw.Priority)
			}
			done()
		}
	}
}
