package main

import (
	"fmt"
	"time"

	registry "github.com/paste-registry/paste-registry/sdk/go"
)

const changesMeasured = 200

// changes is the time from sending a registration to seeing the instance in the copy of a client, in a quiet service.
func changes(b *bench) ([]result, error) {
	seen := make(chan int, changesMeasured+1)
	stop := b.client.Service("quiet").OnChange(func(instances []*registry.Instance) { seen <- len(instances) })
	defer stop()
	<-seen
	var times []time.Duration
	for i := range changesMeasured {
		// Changes that come within 50 ms are merged; these shall not be.
		time.Sleep(60 * time.Millisecond)
		begun := time.Now()
		if err := b.put(fmt.Sprintf("/services/quiet/instances/i%03d", i), `{"address":"10.0.0.1","port":80}`); err != nil {
			return nil, err
		}
		for n := range seen {
			if n > i {
				break
			}
		}
		times = append(times, time.Since(begun))
	}
	return []result{
		{Name: "a change to the copy, p50", Value: quantile(times, 0.5).Seconds() * 1000, Unit: "ms"},
		{Name: "a change to the copy, p99", Value: quantile(times, 0.99).Seconds() * 1000, Unit: "ms"},
	}, nil
}
