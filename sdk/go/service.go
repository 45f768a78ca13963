// Another service as this process sees it.

package registry

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/paste-registry/paste-registry/sdk/go/balance"
)

// Service is another service, as this process sees it: a copy of its instances, kept current by the registry's stream.
// It is safe for concurrent use.
type Service struct {
	client *Client
	name   string
	copy   *serviceCopy
	stream *stream
	wait   *firstWait
	budget balance.Budget
	counts atomic.Pointer[callCounts]
	err    error
}

// subscribedMax bounds the services, and the configuration items, that one client follows.
const subscribedMax = 10_000

var errTooMany = fmt.Errorf("a client follows at most %d services and %d configuration items", subscribedMax, subscribedMax)

// Service follows a service, until the client ends. It returns at once, and the same handle for the same name; an invalid
// name, or one beyond the 10,000th, is told by the methods of the handle.
func (c *Client) Service(name string) *Service {
	if !nameForm.MatchString(name) {
		return &Service{client: c, name: name, err: &InvalidNameError{What: "service", Name: name}}
	}
	c.subscribing.Lock()
	defer c.subscribing.Unlock()
	if known := c.servicesByName[name]; known != nil {
		return known
	}
	if len(c.servicesByName) >= subscribedMax {
		return &Service{client: c, name: name, err: errTooMany}
	}
	s := &Service{client: c, name: name, wait: c.newWait()}
	s.copy, _ = c.copy.addService(name, c.now)
	s.stream = c.streams.watch(c, name, "")
	s.copy.stream.Store(s.stream)
	c.servicesByName[name] = s
	return s
}

// known is the handle of a service that is followed already; nil if it isn't.
func (c *Client) known(name string) *Service {
	c.subscribing.Lock()
	defer c.subscribing.Unlock()
	return c.servicesByName[name]
}

// Name is the name of the service.
func (s *Service) Name() string { return s.name }

// Instances are all instances of the service, whatever their status and health, in id order. It waits for the first
// knowledge as [Service.Wait] does. The slice and what it points to must not be changed.
func (s *Service) Instances(ctx context.Context) ([]*Instance, error) {
	if err := s.Wait(ctx); err != nil {
		return nil, err
	}
	return s.copy.view.Load().instances, nil
}

// Policy is how the service wants to be called; the default policy where it has none, or isn't known yet.
func (s *Service) Policy() *Policy {
	if s.err != nil {
		standard := balance.DefaultPolicy()
		return &standard
	}
	return s.copy.table.Policy()
}

// Age is how old what is known of the service may be: 0 while the stream is alive, else the time since it last said
// something, or since the copy on disk was written. It reports false while nothing is known.
func (s *Service) Age() (time.Duration, bool) {
	if s.err != nil || s.copy.view.Load() == nil {
		return 0, false
	}
	if !s.copy.told.Load() {
		return s.client.copy.saved.age(time.Now()), true
	}
	return s.stream.age(s.client.now()), true
}

// OnChange calls back with the instances that are known, if any are, and then after each change: one at a time, several
// changes at once where they come faster. stop ends that, and may be called from the callback.
func (s *Service) OnChange(callback func(instances []*Instance)) (stop func()) {
	if s.err != nil {
		return func() {}
	}
	var told *view
	return s.client.follow(&s.copy.watchers, true, func(context.Context) {
		if v := s.copy.view.Load(); v != told {
			told = v
			defer s.client.caught("a callback of OnChange")
			callback(v.instances)
		}
	})
}

// caught logs a panic of what the user handed in.
func (c *Client) caught(what string) {
	if caught := recover(); caught != nil {
		c.config.Logger.Error("registry: "+what+" panicked", "panic", caught)
	}
}

// Wait waits until the registry or the disk has told something of the service: at most the request time-out from the
// first use on. Its error is a [*NotKnownError], an [*InvalidNameError], [ErrClosed] or that of ctx.
func (s *Service) Wait(ctx context.Context) error {
	if s.err != nil {
		return s.err
	}
	if s.copy.view.Load() != nil {
		return nil
	}
	return s.client.await(ctx, s.copy.known, s.wait, s.name, s.stream.reason)
}

// Explain is how a choice came about that is made now, and not counted.
func (s *Service) Explain(ctx context.Context, query Query) (Trace, error) {
	var trace Trace
	if err := s.Wait(ctx); err != nil {
		return trace, err
	}
	asked := query.asked(&s.client.config)
	asked.Trace = &trace
	_, err := s.copy.table.Decide(&asked, int64(s.client.now()), rand.Uint64)
	return trace, err
}

// firstWait is the time within which the first uses wait for the first knowledge; it begins with the first of them.
type firstWait struct {
	once sync.Once
	over context.Context
	end  context.CancelFunc
	most time.Duration
}

func (c *Client) newWait() *firstWait { return &firstWait{most: c.config.RequestTimeout} }

// await waits until known is closed.
func (c *Client) await(ctx context.Context, known chan struct{}, wait *firstWait, name string, reason func() error) error {
	select {
	case <-known:
		return nil
	default:
	}
	wait.once.Do(func() { wait.over, wait.end = context.WithTimeout(c.ctx, wait.most) })
	select {
	case <-known:
		wait.end()
		return nil
	case <-ctx.Done():
		return &NotKnownError{Name: name, Reason: orElse(reason(), ctx.Err())}
	case <-wait.over.Done():
		if c.ctx.Err() != nil {
			return ErrClosed
		}
		return &NotKnownError{Name: name, Reason: reason()}
	}
}
