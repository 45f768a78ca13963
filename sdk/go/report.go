// What heartbeats say: counts of what was served and called, told once and not lost.

package registry

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/paste-registry/paste-registry/sdk/go/balance"
)

// callsMax bounds the services of which a heartbeat tells.
const callsMax = 100

// heartbeatBody is what a heartbeat says. What isn't known is left out.
type heartbeatBody struct {
	CPU      *float64       `json:"cpu,omitempty"`
	InFlight *int64         `json:"in_flight,omitempty"`
	Requests *uint64        `json:"requests,omitempty"`
	Errors   *uint64        `json:"errors,omitempty"`
	Calls    []serviceCalls `json:"calls,omitempty"`
}

// serviceCalls is what this process called of one service.
type serviceCalls struct {
	Service string   `json:"service"`
	Count   uint64   `json:"count"`
	Errors  uint64   `json:"errors"`
	Latency []uint64 `json:"latency"`
}

// report counts what the heartbeats tell: what was served, and what was called.
type report struct {
	serving          atomic.Bool
	inFlight         atomic.Int64
	requests, errors atomic.Uint64
	cpu              cpuMeter

	mu    sync.Mutex
	calls map[string]*callCounts
}

// callCounts are the calls of one service since the last heartbeat that was taken.
type callCounts struct {
	count, errors atomic.Uint64
	latency       [balance.LatencyBuckets]atomic.Uint64
}

func (c *callCounts) add(latency time.Duration, failed bool) {
	c.count.Add(1)
	if failed {
		c.errors.Add(1)
	}
	c.latency[balance.LatencyBucket(latency)].Add(1)
}

// of are the counts of a service; nil for those beyond the first hundred.
func (r *report) of(service string) *callCounts {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.calls[service]; known != nil {
		return known
	}
	if len(r.calls) >= callsMax {
		return nil
	}
	if r.calls == nil {
		r.calls = map[string]*callCounts{}
	}
	r.calls[service] = &callCounts{}
	return r.calls[service]
}

// take is what to tell now; it is counted no more, unless it comes back.
func (r *report) take(now time.Duration) *heartbeatBody {
	body := &heartbeatBody{CPU: r.cpu.share(now)}
	if r.serving.Load() {
		inFlight, requests, errors := r.inFlight.Load(), r.requests.Swap(0), r.errors.Swap(0)
		body.InFlight, body.Requests, body.Errors = &inFlight, &requests, &errors
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for service, counts := range r.calls {
		calls := serviceCalls{Service: service, Count: counts.count.Swap(0), Errors: counts.errors.Swap(0)}
		for i := range counts.latency {
			if n := counts.latency[i].Swap(0); n > 0 {
				calls.Latency = append(calls.Latency, make([]uint64, i+1-len(calls.Latency))...)
				calls.Latency[i] = n
			}
		}
		if calls.Count > 0 || len(calls.Latency) > 0 {
			body.Calls = append(body.Calls, calls)
		}
	}
	slices.SortFunc(body.Calls, func(a, b serviceCalls) int { return strings.Compare(a.Service, b.Service) })
	return body
}

// back counts what couldn't be told anew, so that it is told again.
func (r *report) back(body *heartbeatBody) {
	if body.Requests != nil {
		r.requests.Add(*body.Requests)
		r.errors.Add(*body.Errors)
	}
	for _, calls := range body.Calls {
		counts := r.of(calls.Service)
		counts.count.Add(calls.Count)
		counts.errors.Add(calls.Errors)
		for i, n := range calls.Latency {
			counts.latency[i].Add(n)
		}
	}
}
