// All instances that this process offers, and their end.

package registry

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
)

// registrations are all instances that this process offers.
type registrations struct {
	mu     sync.Mutex
	all    []*Registered
	closed bool
	// last says whether the last registration or heartbeat was taken.
	last atomic.Bool
	// lost says that the registry has lost the session, and the streams are still to be opened anew under it.
	lost atomic.Bool
	// sent says that the registry may know the session: a registration was taken, or sent and not refused.
	sent atomic.Bool
}

// add reports false when the client is closing.
func (r *registrations) add(one *Registered) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.all = append(r.all, one)
	}
	return !r.closed
}

func (r *registrations) remove(one *Registered) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = slices.DeleteFunc(r.all, func(other *Registered) bool { return other == one })
}

func (r *registrations) list() []*Registered {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.all)
}

// shut takes no more registrations, and returns those there are.
func (r *registrations) shut() []*Registered {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	return r.list()
}

func (r *registrations) took(taken bool) { r.last.Store(taken) }

// anyTaken says whether the registry knows the session.
func (r *registrations) anyTaken() bool {
	return slices.ContainsFunc(r.list(), (*Registered).isTaken)
}

// again registers everything that the registry has lost; then the streams are opened anew, which name the session.
func (r *registrations) again() {
	r.took(false)
	r.lost.Store(true)
	for _, one := range r.list() {
		one.lost()
	}
}

// Registered says whether the registry has taken the last registration or heartbeat.
func (c *Client) Registered() bool { return c.registrations.last.Load() }

// SetStatus says what this process wants of the instance, such as up or draining. The status holds whenever it is
// registered again, whatever is returned now.
func (r *Registered) SetStatus(ctx context.Context, status string) error {
	r.mu.Lock()
	r.body.Status = status
	r.mu.Unlock()
	return r.patch(ctx, status)
}

func (r *Registered) patch(ctx context.Context, status string) error {
	return r.client.ask(ctx, call{
		method: http.MethodPatch, path: instancePath(r.service, r.id), body: map[string]string{"status": status},
		taken: []int{http.StatusOK},
	})
}

// Deregister drains the instance and deregisters it. It takes the drain delay, unless ctx ends before. A second call
// waits for nothing.
func (r *Registered) Deregister(ctx context.Context) error {
	var err error
	r.once.Do(func() {
		r.end()
		<-r.over
		if r.isTaken() {
			if r.patch(ctx, "draining") == nil {
				sleep(ctx, r.client.config.DrainDelay)
			}
			err = r.client.ask(context.WithoutCancel(ctx), call{
				method: http.MethodDelete, path: instancePath(r.service, r.id),
				taken: []int{http.StatusOK, http.StatusNoContent},
			})
			var refused *ProblemError
			if asRefusal(err, &refused) && refused.Status == http.StatusNotFound {
				err = nil
			}
		}
		r.client.registrations.remove(r)
		if err == nil {
			r.client.tellDeregistered(r)
		}
	})
	return err
}

func (c *Client) tellDeregistered(r *Registered) {
	c.tell(slog.LevelInfo, EventDeregistered, slog.String("service", r.service), slog.String("instance", r.id))
}

// endRegistrations drains all registrations, and ends the session. Each request is tried within ctx.
func (c *Client) endRegistrations(ctx context.Context) error {
	all := c.registrations.shut()
	for _, one := range all {
		one.end()
	}
	for _, one := range all {
		select {
		case <-one.over:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if !c.registrations.sent.Load() {
		return nil
	}
	all = slices.DeleteFunc(all, func(one *Registered) bool { return !one.isTaken() })
	drained := false
	for _, one := range all {
		err := one.patch(ctx, "draining")
		drained = drained || err == nil
		var again *failure
		if errors.As(err, &again) {
			break // The registry can't be reached; the others would only wait.
		}
	}
	if drained {
		sleep(ctx, c.config.DrainDelay)
	}
	if err := c.endSession(ctx); err != nil {
		return err
	}
	for _, one := range all {
		c.tellDeregistered(one)
	}
	return nil
}

// endSession ends the session: tried again until ctx ends, after which the session's silence ends it.
func (c *Client) endSession(ctx context.Context) error {
	pacer := newPacer()
	for {
		err := c.ask(ctx, call{
			method: http.MethodDelete, path: "/sessions/" + c.session, taken: []int{http.StatusOK, http.StatusNoContent},
		})
		var refused *ProblemError
		switch {
		case err == nil:
			return nil
		case asRefusal(err, &refused):
			if refused.Status == http.StatusNotFound {
				return nil
			}
			return err
		}
		if !sleep(ctx, pacer.failed(c.now(), retryAfter(err))) {
			return err
		}
	}
}
