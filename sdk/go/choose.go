// Choosing an instance for one call, and telling how the call ended.

package registry

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/paste-registry/paste-registry/sdk/go/balance"
)

// Query is what a caller asks of an instance. The zero value asks for any.
type Query struct {
	// Version is a version range such as ^1.4.
	Version string
	// Tags are all to be there, as are the pairs of Metadata.
	Tags     []string
	Metadata map[string]string
	// Headers are those of the call, for the rules of the policy and its hash_header.
	Headers Headers
	// HashKey is the key of the hashing balancers, where the policy's header doesn't give it. Nil: none.
	HashKey []byte
	// Excluded are ids that are chosen only where there is no other.
	Excluded []string
	// Trace, if any, is filled with how the choice came about.
	Trace *Trace
}

func (q *Query) asked(config *Config) balance.Query {
	return balance.Query{
		Version: q.Version, Tags: q.Tags, Metadata: q.Metadata, Zone: config.Zone, Region: config.Region,
		Headers: q.Headers, HashKey: q.HashKey, Tried: q.Excluded, Trace: q.Trace,
	}
}

// Outcome is how a call ended.
type Outcome = balance.Outcome

// The outcomes of a call.
const (
	// Success is an answer, whatever it says.
	Success = balance.Success
	// Failure is a connection that failed, a time-out, a 5xx.
	Failure = balance.Failure
	// Overloaded is a 429: it keeps calls away, but ejects nobody.
	Overloaded = balance.Overloaded
)

// Pick is an instance that was chosen for one call. Tell how the call ended with [Pick.Done]; until then it counts as in
// flight. A pick is for one goroutine, and must not be copied once it is in use.
type Pick struct {
	// Instance is the one that was chosen.
	Instance *Instance
	service  *Service
	choice   balance.Choice
	ended    bool
}

// Choose chooses an instance for one call. It answers from memory; only where nothing is known of the service yet it
// waits, as [Service.Wait] does. Its error is one of that, a [*NoInstanceError], or a [*RangeError].
func (s *Service) Choose(ctx context.Context, query Query) (Pick, error) {
	if err := s.Wait(ctx); err != nil {
		return Pick{}, err
	}
	asked := query.asked(&s.client.config)
	choice, err := s.copy.table.Decide(&asked, int64(s.client.now()), rand.Uint64)
	if err != nil {
		return Pick{}, err
	}
	choice.Begin()
	if s.client.config.OnEvent != nil {
		s.client.hook(EventPicked, slog.String("service", s.name), slog.String("instance", choice.Instance.ID))
	}
	return Pick{Instance: choice.Instance, service: s, choice: choice}, nil
}

// Done tells how the call ended and how long it took, which steers the choices to come. Only the first word counts.
func (p *Pick) Done(outcome Outcome, latency time.Duration) {
	if p.finish(outcome, latency) {
		p.service.count(latency, outcome != Success)
	}
}

// Drop gives the pick back if nobody has told how the call ended: it counts as a success without latency. It is meant
// for a defer.
func (p *Pick) Drop() { p.finish(balance.Dropped, 0) }

// Cancel gives the pick back because no call was made with it: it says nothing of the instance.
func (p *Pick) Cancel() { p.finish(balance.Unused, 0) }

func (p *Pick) finish(outcome Outcome, latency time.Duration) bool {
	if p.ended || p.service == nil {
		return false
	}
	p.ended = true
	client := p.service.client
	for _, id := range p.choice.Finish(outcome, latency, int64(client.now())) {
		client.tell(slog.LevelWarn, EventEjected, slog.String("service", p.service.name), slog.String("instance", id))
	}
	return true
}

// count counts a call for the heartbeat, and tells of it.
func (s *Service) count(latency time.Duration, failed bool) {
	counts := s.counts.Load()
	if counts == nil {
		counts = s.client.report.of(s.name)
		s.counts.Store(counts)
	}
	if counts != nil { // Heartbeats tell of a hundred services at most.
		counts.add(latency, failed)
	}
	if s.client.config.OnEvent != nil {
		s.client.hook(EventCalled, slog.String("service", s.name),
			slog.Duration("latency", latency), slog.Bool("failed", failed))
	}
}
