package balance

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestOutcomesSteer plays calls of ten instances, of which one is slow and one fails at once, under a clock of its own.
func TestOutcomesSteer(t *testing.T) {
	shares := map[string]map[string]int{}
	for _, kind := range []string{PeakEWMA, SmoothWRR} {
		policy := DefaultPolicy()
		policy.Balancer.Kind = kind
		policy.Outliers = OutlierDetection{Interval: policy.Outliers.Interval} // The balancer alone.
		table := tableOf(&policy, "a", "b", "c", "d", "e", "f", "g", "h", "i", "j")
		source := rand.New(rand.NewPCG(1, 2))
		shares[kind] = map[string]int{}
		for n := range 10_000 {
			now := int64(n) * int64(time.Millisecond)
			choice, err := table.Decide(&Query{}, now, source.Uint64)
			if err != nil {
				t.Fatal(err)
			}
			outcome, latency := Success, 5*time.Millisecond
			switch choice.Instance.ID {
			case "a":
				latency = 500 * time.Millisecond
			case "b":
				outcome, latency = Failure, time.Millisecond
			}
			choice.Begin()
			choice.Finish(outcome, latency, now)
			shares[kind][choice.Instance.ID]++
		}
	}
	for _, id := range []string{"a", "b"} {
		// Where both of two that are drawn are bad, one of them is chosen: 2 in 90 times.
		if turn, steered := shares[SmoothWRR][id], shares[PeakEWMA][id]; turn != 1000 || steered > 300 {
			t.Errorf("%s was chosen %d times in turn, %d times by latency", id, turn, steered)
		}
	}
}

func TestEjectionsAreTold(t *testing.T) {
	policy := DefaultPolicy()
	policy.Outliers.ConsecutiveFailures = 0
	policy.Outliers.FailurePercentageHosts = 1
	table := tableOf(&policy, "a", "b", "c")
	finish := func(id string, outcome Outcome, now time.Duration) []string {
		choice := table.choiceOf(id)
		choice.Begin()
		return choice.Finish(outcome, time.Millisecond, int64(now))
	}
	for range 20 {
		if told := finish("a", Failure, 0); told != nil {
			t.Fatalf("%v are ejected", told)
		}
	}
	// The interval ends with a decision; the next outcome tells of what it did.
	if _, err := table.Decide(&Query{}, int64(10*time.Second), rand.Uint64); err != nil {
		t.Fatal(err)
	}
	if told := finish("b", Unused, 10*time.Second); told != nil {
		t.Errorf("a call that wasn't made tells of %v", told)
	}
	if told := finish("b", Success, 10*time.Second); !slices.Equal(told, []string{"a"}) {
		t.Errorf("%v are told", told)
	}
	if told := finish("b", Success, 10*time.Second); told != nil {
		t.Errorf("%v are told again", told)
	}
}

func FuzzParseRange(f *testing.F) {
	for _, text := range []string{"^1.4", ">=2 <3 || 1.x", "1.2.3-rc.1+b", "*", "||", "18446744073709551616"} {
		f.Add(text, "1.4.2")
	}
	f.Fuzz(func(t *testing.T, text, version string) {
		versions, err := ParseRange(text)
		if err != nil {
			return
		}
		again, err := ParseRange(versions.String())
		if err != nil || again.String() != versions.String() {
			t.Fatalf("%q: %q, then %v, %v", text, versions, again, err)
		}
		if parsed, ok := ParseVersion(version); ok && versions.Matches(parsed) != again.Matches(parsed) {
			t.Fatalf("%q and %q disagree on %s", text, versions, version)
		}
	})
}

func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		for _, kind := range []string{WeightedRandom, SmoothWRR, LeastRequest, PeakEWMA, RingHash, Rendezvous} {
			b.Run(fmt.Sprintf("%s/%d", kind, n), func(b *testing.B) {
				policy := DefaultPolicy()
				policy.Balancer.Kind = kind
				table := NewTable()
				table.Update(numbered(n), false, &policy, 0)
				b.ReportAllocs()
				for i := range b.N {
					choice, _ := table.Decide(&Query{}, int64(i)*1000, rand.Uint64)
					choice.Begin()
					choice.Finish(Success, time.Millisecond, int64(i)*1000)
				}
			})
		}
	}
}
