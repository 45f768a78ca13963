// The streams that feed the local copy: what they watch, and how they are kept open.

package registry

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// subscriptionsMax is how much the registry lets one stream watch.
const subscriptionsMax = 100

// stream is one of the streams that feed the local copy: it keeps a connection open, and resumes where the last ended.
type stream struct {
	client *Client
	// reopen says that the connection is to be made anew.
	reopen chan struct{}
	// lastByte is when the connection, or the one before, said something.
	lastByte atomic.Int64
	current  atomic.Pointer[connection]

	mu       sync.Mutex
	services []string
	configs  []string
	// wanted numbers what is to be watched, opened is what the connection watches. Where they differ, the next
	// connection begins from the beginning.
	wanted, opened uint64
	// lastID is the point up to which nothing is owed to this stream.
	lastID string
	// err is what ended the last connection, or kept it from opening.
	err error
}

func newStream(client *Client) *stream {
	return &stream{client: client, reopen: make(chan struct{}, 1)}
}

// streams are all streams of a client.
type streams struct {
	mu  sync.Mutex
	all []*stream
}

// watch adds a subscription to a stream that has room, or to a new one.
func (s *streams) watch(client *Client, service, config string) *stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	full := func(one *stream) bool { return !one.add(service, config) }
	i := slices.IndexFunc(s.all, func(one *stream) bool { return !full(one) })
	if i >= 0 {
		return s.all[i]
	}
	one := newStream(client)
	one.add(service, config)
	s.all = append(s.all, one)
	client.start(one.run)
	return one
}

// reopenAll makes all connections anew: at another node, or with the session named.
func (s *streams) reopenAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.all {
		nudge(one.reopen)
	}
}

func (s *stream) add(service, config string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.services)+len(s.configs) >= subscriptionsMax {
		return false
	}
	if service != "" {
		s.services = append(s.services, service)
	} else {
		s.configs = append(s.configs, config)
	}
	s.wanted++
	nudge(s.reopen)
	return true
}

// request is what to watch, its number, and where to go on.
func (s *stream) request() (what watchRequest, wanted uint64, lastID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	config := &s.client.config
	what = watchRequest{
		Services: append([]string{}, s.services...), Configs: slices.Clone(s.configs),
		Zone: config.Zone, Labels: config.Labels,
	}
	// A stream that follows configuration may name a session that isn't registered; another may not.
	if s.client.registrations.anyTaken() || len(what.Configs) > 0 {
		what.Session = s.client.session
	}
	if s.opened == s.wanted {
		lastID = s.lastID
	}
	return what, s.wanted, lastID
}

// adopt makes c the connection of the stream. The one before ends only now, so that nothing is missed meanwhile.
func (s *stream) adopt(c *connection) {
	if !s.isOpen() {
		s.client.copy.listenAgain(s)
	}
	s.current.Load().close()
	s.mu.Lock()
	s.opened, s.lastID = c.wanted, c.lastID
	s.mu.Unlock()
	s.current.Store(c)
	go c.read()
}

// failedAt keeps what happened for those who wait; an event that couldn't be read makes the stream begin anew.
func (s *stream) failedAt(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
	if isUnreadable(err) {
		s.wanted++
	}
}

func (s *stream) reason() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// run keeps the stream open until the client ends.
func (s *stream) run() {
	ctx := s.client.ctx
	pacer := newPacer()
	defer func() { s.current.Load().close() }()
	for ctx.Err() == nil {
		select {
		case <-s.reopen: // What was asked for until now, the next connection has.
		default:
		}
		next, err := s.connect(ctx)
		if err == nil {
			s.adopt(next)
			pacer.succeeded(s.client.now())
			select {
			case <-ctx.Done():
				return
			case <-s.reopen:
				continue
			case <-next.done:
			}
			pacer.succeeded(s.client.now())
			err = next.err
		}
		if !s.pause(ctx, pacer, err) {
			return
		}
	}
}

// pause waits after a failure.
func (s *stream) pause(ctx context.Context, pacer *pacer, err error) bool {
	if ctx.Err() != nil {
		return false
	}
	s.failedAt(err)
	wait := pacer.failed(s.client.now(), retryAfter(err))
	s.client.tell(slog.LevelWarn, EventRetrying,
		slog.String("what", "stream"), slog.Duration("wait", wait), slog.Any("error", err))
	return sleep(ctx, wait)
}

// age is how old what the stream said may be.
func (s *stream) age(now time.Duration) time.Duration {
	since := now - time.Duration(s.lastByte.Load())
	if s.isOpen() && since <= freshAge {
		return 0
	}
	return max(since, 0)
}

func (s *stream) isOpen() bool {
	c := s.current.Load()
	return c != nil && !c.ended()
}
