package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	registry "github.com/paste-registry/paste-registry/sdk/go"
)

const (
	pickRounds   = 7
	picksInRound = 500_000
)

// picks is how often a second one of ten instances is chosen and its outcome reported, against a bare random index.
func picks(b *bench) ([]result, error) {
	var results []result
	for _, kind := range []string{"peak_ewma", "least_request", "weighted_random", "smooth_wrr", "ring_hash", "rendezvous"} {
		service := "picks-" + kind
		if err := b.fill(service, 10); err != nil {
			return nil, err
		}
		if err := b.put("/policies/"+service, fmt.Sprintf(`{"balancer":{"kind":%q}}`, kind)); err != nil {
			return nil, err
		}
		if err := b.until(service, 10); err != nil {
			return nil, err
		}
		handle := b.client.Service(service)
		for handle.Policy().Balancer.Kind != kind {
			time.Sleep(time.Millisecond)
		}
		instances, err := handle.Instances(context.Background())
		if err != nil {
			return nil, err
		}
		var own, bare []float64
		var chosen *registry.Instance
		for range pickRounds {
			own = append(own, rate(func() error {
				pick, err := handle.Choose(context.Background(), registry.Query{})
				if err == nil {
					pick.Done(registry.Success, time.Millisecond)
				}
				return err
			}))
			bare = append(bare, rate(func() error {
				chosen = instances[rand.IntN(len(instances))]
				return nil
			}))
		}
		runtime.KeepAlive(chosen) // Else the compiler might leave the bare choice out.
		results = append(results, result{
			Name: "picks, " + kind, Value: median(own), Unit: "1/s", Reference: median(bare), Against: "rand.IntN of a slice",
		})
	}
	return results, nil
}

// rate is how often a second something can be done.
func rate(do func() error) float64 {
	begun := time.Now()
	for range picksInRound {
		if err := do(); err != nil {
			panic(err) // The instances were there a moment ago.
		}
	}
	return picksInRound / time.Since(begun).Seconds()
}
