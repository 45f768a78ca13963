// How a service wants to be called.

package balance

import (
	"encoding/json"
	"fmt"
	"time"
)

// Kinds of balancers. What else a policy may name is for the Rust SDK alone: here maglev is taken as rendezvous, and
// static_stride as smooth_wrr. A kind that isn't known is taken as peak_ewma.
const (
	WeightedRandom = "weighted_random"
	SmoothWRR      = "smooth_wrr"
	LeastRequest   = "least_request"
	PeakEWMA       = "peak_ewma"
	RingHash       = "ring_hash"
	Rendezvous     = "rendezvous"
)

// Policy is how a service wants to be called. [DefaultPolicy] has the values that hold where nothing is said. Treat a
// policy as read-only once it is handed to a [Table].
type Policy struct {
	Description string           `json:"description"`
	Balancer    Balancer         `json:"balancer"`
	Subsets     []Subset         `json:"subsets"`
	Rules       []Rule           `json:"rules"`
	Locality    Locality         `json:"locality"`
	Outliers    OutlierDetection `json:"outlier_detection"`
	Retries     Retries          `json:"retries"`
	Timeouts    Timeouts         `json:"timeouts"`
	SlowStart   SlowStart        `json:"slow_start"`
	// ProtectThreshold takes the place of the service's own; the registry applies it. Percent.
	ProtectThreshold *int `json:"protect_threshold"`
}

// Balancer is how one of several candidates is chosen.
type Balancer struct {
	Kind string `json:"kind"`
	// Decay is the time after which a latency counts for a third (peak_ewma).
	Decay Duration `json:"decay"`
	// HashHeader is the header whose value is the key of the hashing balancers; empty: none.
	HashHeader string `json:"hash_header"`
	// RingSize is the least number of entries on the ring.
	RingSize int `json:"ring_size"`
	// BoundedLoad is for the Rust SDK alone.
	BoundedLoad *float64 `json:"bounded_load"`
}

// Subset is a named part of a service.
type Subset struct {
	Name     string            `json:"name"`
	Version  string            `json:"version"`
	Tags     []string          `json:"tags"`
	Metadata map[string]string `json:"metadata"`
	// Weight is its share of the calls that no rule decides; 0: only by rule.
	Weight int `json:"weight"`
}

// Rule sends the calls to which all of it applies to a subset.
type Rule struct {
	Headers map[string]string `json:"headers"`
	Users   *Users            `json:"users"`
	Zones   []string          `json:"zones"`
	Regions []string          `json:"regions"`
	Subset  string            `json:"subset"`
}

// Users is a share of the users, told apart by a header, the same for every caller.
type Users struct {
	Header  string  `json:"header"`
	Percent float64 `json:"percent"`
}

// Locality is how calls stay near, and when they don't. Percents.
type Locality struct {
	FailoverRegions []string `json:"failover_regions"`
	Overprovision   int      `json:"overprovision"`
	PanicThreshold  int      `json:"panic_threshold"`
}

// OutlierDetection is when an instance that fails is left out for a while.
type OutlierDetection struct {
	ConsecutiveFailures       int      `json:"consecutive_failures"`
	FailurePercentage         int      `json:"failure_percentage"`
	FailurePercentageRequests int      `json:"failure_percentage_requests"`
	FailurePercentageHosts    int      `json:"failure_percentage_hosts"`
	Interval                  Duration `json:"interval"`
	BaseEjection              Duration `json:"base_ejection"`
	MaxEjection               Duration `json:"max_ejection"`
	// MaxEjected is how much of a service may be ejected at a time, in percent.
	MaxEjected int `json:"max_ejected"`
}

// Retries is what is tried again, and how often.
type Retries struct {
	Max      int   `json:"max"`
	Statuses []int `json:"statuses"`
	// Budget is how many retries there may be for a hundred calls.
	Budget       int      `json:"budget"`
	MinPerSecond int      `json:"min_per_second"`
	BackoffBase  Duration `json:"backoff_base"`
	BackoffMax   Duration `json:"backoff_max"`
}

// Timeouts bound a call; 0: no bound.
type Timeouts struct {
	Connect Duration `json:"connect"`
	PerTry  Duration `json:"per_try"`
	Request Duration `json:"request"`
}

// SlowStart is how an instance that joins gets its share little by little.
type SlowStart struct {
	// Window is how long it takes; 0: no slow start.
	Window     Duration `json:"window"`
	Aggression float64  `json:"aggression"`
	// MinWeight is the least share, in percent.
	MinWeight float64 `json:"min_weight"`
}

// DefaultPolicy is what holds for a service without a policy.
func DefaultPolicy() Policy {
	seconds := func(n int) Duration { return Duration(time.Duration(n) * time.Second) }
	milliseconds := func(n int) Duration { return Duration(time.Duration(n) * time.Millisecond) }
	return Policy{
		Balancer: Balancer{Kind: PeakEWMA, Decay: seconds(10), RingSize: 1024},
		Locality: Locality{Overprovision: 140, PanicThreshold: 50},
		Outliers: OutlierDetection{
			ConsecutiveFailures: 5, FailurePercentage: 60, FailurePercentageRequests: 20, FailurePercentageHosts: 2,
			Interval: seconds(10), BaseEjection: seconds(30), MaxEjection: seconds(300), MaxEjected: 30,
		},
		Retries: Retries{
			Max: 2, Statuses: []int{502, 503, 504}, Budget: 20, MinPerSecond: 10,
			BackoffBase: milliseconds(25), BackoffMax: milliseconds(250),
		},
		Timeouts:  Timeouts{Connect: seconds(1), Request: seconds(15)},
		SlowStart: SlowStart{Aggression: 1, MinWeight: 10},
	}
}

// ParsePolicy reads a policy as the registry sends it, which has checked it. What it leaves out has the defaults; fields
// that are not known are passed over. What a newer registry may allow and this package can't follow doesn't keep the rest
// from holding: a kind of balancer that is not known is peak_ewma, a version range that can't be read has no version in
// it, and what has to be above 0 and isn't has its default.
func ParsePolicy(data []byte) (*Policy, error) {
	standard := DefaultPolicy()
	policy := standard
	if err := json.Unmarshal(data, &policy); err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	if policy.Balancer.Decay <= 0 {
		policy.Balancer.Decay = standard.Balancer.Decay
	}
	if policy.Balancer.RingSize <= 0 {
		policy.Balancer.RingSize = standard.Balancer.RingSize
	}
	if policy.Outliers.Interval <= 0 {
		policy.Outliers.Interval = standard.Outliers.Interval
	}
	if policy.SlowStart.Aggression <= 0 {
		policy.SlowStart.Aggression = standard.SlowStart.Aggression
	}
	return &policy, nil
}
