// Registering an instance, and again when the registry has lost it.

package registry

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
)

// Registered is an instance that this process offers. It is safe for concurrent use.
type Registered struct {
	client  *Client
	service string
	id      string
	// again says that the registry doesn't know it any more.
	again chan struct{}
	// ended is cancelled when it is to go; over is closed when nothing registers it any more.
	ended context.Context
	end   context.CancelFunc
	over  chan struct{}
	once  sync.Once

	mu    sync.Mutex
	body  registrationBody
	taken bool
	// settled is closed when the first registration was taken, or refused for err.
	settled   chan struct{}
	isSettled bool
	err       error
}

// Register offers an instance of a service. It returns at once: the registration is repeated until the registry has
// taken it, and whenever the registry has lost it; [Registered.Wait] waits for the first time. Cancelling ctx
// deregisters. Its error is an [*InvalidNameError], [ErrClosed], or tells what else is missing.
func (c *Client) Register(ctx context.Context, registration Registration) (*Registered, error) {
	if !nameForm.MatchString(registration.Service) {
		return nil, &InvalidNameError{What: "service", Name: registration.Service}
	}
	if registration.Port < 1 || registration.Port > 65535 {
		return nil, fmt.Errorf("port %d: it has to be from 1 to 65535", registration.Port)
	}
	id := orElse(registration.ID, fmt.Sprintf("%s-%d", c.session, registration.Port))
	if !instanceIDForm.MatchString(id) {
		return nil, &InvalidNameError{What: "instance id", Name: id}
	}
	r := &Registered{
		client: c, service: registration.Service, id: id,
		again: make(chan struct{}, 1), over: make(chan struct{}), settled: make(chan struct{}),
		body: registrationBody{
			Address: registration.Address, Port: registration.Port, Ports: registration.Ports,
			Protocol: registration.Protocol, Version: registration.Version, Weight: registration.Weight,
			Region: orElse(registration.Region, c.config.Region), Zone: orElse(registration.Zone, c.config.Zone),
			Tags: registration.Tags, Metadata: registration.Metadata, Status: registration.Status,
			Checks: registration.Checks, Session: c.session, TTL: sessionTTL,
		},
	}
	r.ended, r.end = context.WithCancel(c.ctx)
	if !c.registrations.add(r) || !c.start(r.run) {
		r.end()
		return nil, ErrClosed
	}
	release := context.AfterFunc(ctx, func() {
		c.start(func() { _ = r.Deregister(context.WithoutCancel(ctx)) })
	})
	context.AfterFunc(r.ended, func() { release() })
	return r, nil
}

// ID is the id of the instance.
func (r *Registered) ID() string { return r.id }

// Service is the service of the instance.
func (r *Registered) Service() string { return r.service }

// Wait waits until the registry has taken the registration. Its error is a [*ProblemError] if it was refused for good,
// [ErrClosed] if it ended before, or that of ctx.
func (r *Registered) Wait(ctx context.Context) error {
	select {
	case <-r.settled:
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.err
	case <-ctx.Done():
		return ctx.Err()
	case <-r.ended.Done():
		return ErrClosed
	}
}

// run registers, and registers again when the registry has lost it.
func (r *Registered) run() {
	defer close(r.over)
	c := r.client
	pacer := newPacer()
	for {
		err := r.put()
		var refused *ProblemError
		switch {
		case err == nil:
			pacer.succeeded(c.now())
			c.tell(slog.LevelInfo, EventRegistered, slog.String("service", r.service), slog.String("instance", r.id))
			r.settle(nil)
			c.beginHeartbeats()
			if c.registrations.lost.Swap(false) {
				c.streams.reopenAll()
			}
		case asRefusal(err, &refused) && isFinal(refused.Status):
			c.config.Logger.Error("registry: a registration was refused", "service", r.service, "instance", r.id, "error", err)
			r.settle(refused)
			return
		default:
			wait := pacer.failed(c.now(), retryAfter(err))
			c.tell(slog.LevelWarn, EventRetrying,
				slog.String("what", "registration"), slog.Duration("wait", wait), slog.Any("error", err))
			if !sleep(r.ended, wait) {
				return
			}
			continue
		}
		select {
		case <-r.ended.Done():
			return
		case <-r.again:
		}
	}
}

func isFinal(status int) bool {
	switch status {
	case 400, 401, 403, 409, 413, 422:
		return true
	}
	return false
}

// put registers once. It isn't cut short by the end of the registration: what is on its way might arrive after the
// deregistration.
func (r *Registered) put() error {
	r.mu.Lock()
	body := r.body
	r.mu.Unlock()
	c := r.client
	ctx := context.WithoutCancel(r.ended)
	err := r.send(ctx, body)
	c.registrations.took(err == nil)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taken = err == nil
	return err
}

// send sends the registration, with an address that is found at each try where its owner names none.
func (r *Registered) send(ctx context.Context, body registrationBody) error {
	c := r.client
	if body.Address == "" {
		var err error
		if body.Address, err = c.ownAddress(ctx); err != nil {
			return err
		}
	}
	var stored Instance
	err := c.ask(ctx, call{
		method: http.MethodPut, path: instancePath(r.service, r.id), body: body,
		taken: []int{http.StatusOK, http.StatusCreated}, into: &stored,
	})
	var refused *ProblemError
	if !asRefusal(err, &refused) && !dialFailed(err) {
		c.registrations.sent.Store(true)
	}
	if err == nil && stored.ID != r.id {
		err = &failure{cause: fmt.Errorf("the registry answered a registration of %s with %q", r.id, stored.ID)}
	}
	return err
}

func (r *Registered) settle(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.isSettled {
		r.isSettled, r.err = true, err
		close(r.settled)
	}
}

// lost says that the registry doesn't know it any more.
func (r *Registered) lost() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.taken {
		r.taken = false
		nudge(r.again)
	}
}

func (r *Registered) isTaken() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.taken
}
