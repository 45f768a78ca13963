// The client: what it consists of, how it starts and how it ends.

package registry

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// Client speaks to a registry for one process. It is safe for concurrent use; a process needs one for each namespace.
type Client struct {
	config  Config
	session string
	begun   time.Time
	http    *http.Client
	nodes   *nodes

	copy          *localCopy
	streams       streams
	registrations registrations
	heartbeats    sync.Once
	report        report
	acks          *acks

	// subscribing guards the handles by name.
	subscribing    sync.Mutex
	servicesByName map[string]*Service
	itemsByName    map[string]*ConfigItem

	transportOnce sync.Once
	transport     *http.Transport

	// ctx ends when the client has closed; tasks are its goroutines, to which none is added once stopping is set.
	ctx      context.Context
	stop     context.CancelFunc
	tasksMu  sync.Mutex
	stopping bool
	tasks    sync.WaitGroup

	closing  sync.Once
	closed   chan struct{}
	closeErr error
}

// Connect makes a client. Nothing waits for the registry: it need not be there. When ctx ends the client closes, as by
// [Client.Close]; [Client.Done] tells when it has. Its error tells what is wrong with config.
func Connect(ctx context.Context, config Config) (*Client, error) {
	config, err := config.complete()
	if err != nil {
		return nil, err
	}
	c := &Client{
		config: config, session: newSession(), begun: time.Now(), acks: newAcks(), closed: make(chan struct{}),
		http: &http.Client{
			Transport:     config.Transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		servicesByName: map[string]*Service{}, itemsByName: map[string]*ConfigItem{},
	}
	c.ctx, c.stop = context.WithCancel(context.WithoutCancel(ctx))
	c.nodes = newNodes(config.URLs, rand.IntN(len(config.URLs)), c.moved)
	c.copy = newLocalCopy(c.loadSnapshot())
	c.start(c.keep)
	c.start(c.acknowledge)
	release := context.AfterFunc(ctx, func() { _ = c.Close() })
	context.AfterFunc(c.ctx, func() { release() })
	return c, nil
}

// moved takes everything from the node that was left to the one that is used now.
func (c *Client) moved() {
	c.streams.reopenAll()
	c.config.Transport.CloseIdleConnections()
}

// now is the time since the client began, by the monotonic clock.
func (c *Client) now() time.Duration { return time.Since(c.begun) }

// start runs a task on a goroutine that Close waits for. It reports false, and runs nothing, once the client stops.
func (c *Client) start(task func()) bool {
	c.tasksMu.Lock()
	defer c.tasksMu.Unlock()
	if c.stopping {
		return false
	}
	c.tasks.Add(1)
	go func() {
		defer c.tasks.Done()
		task()
	}()
	return true
}

// Session is the id under which the registrations of this process live and die.
func (c *Client) Session() string { return c.session }

// Done is closed when the client has closed.
func (c *Client) Done() <-chan struct{} { return c.closed }

// Close drains and deregisters what was registered, stops everything, and writes the copy to disk. It takes at most the
// close time-out, even where the registry can't be reached; what couldn't be deregistered the registry drops for its
// silence, and the error says so. A second call waits for the first. It must not be called from a callback.
func (c *Client) Close() error {
	c.closing.Do(func() {
		defer close(c.closed)
		ctx, cancel := context.WithTimeout(context.Background(), c.config.CloseTimeout)
		defer cancel()
		c.closeErr = c.endRegistrations(ctx)
		c.tasksMu.Lock()
		c.stopping = true
		c.tasksMu.Unlock()
		c.stop()
		c.closeErr = errors.Join(c.closeErr, c.awaitTasks())
		c.config.Transport.CloseIdleConnections()
		c.transportOnce.Do(func() {})
		if c.transport != nil {
			c.transport.CloseIdleConnections()
		}
	})
	<-c.closed
	return c.closeErr
}

// tasksGrace is how long Close waits for callbacks that don't return.
const tasksGrace = time.Second

func (c *Client) awaitTasks() error {
	ended := make(chan struct{})
	go func() {
		c.tasks.Wait()
		close(ended)
	}()
	timer := time.NewTimer(tasksGrace)
	defer timer.Stop()
	select {
	case <-ended:
		return nil
	case <-timer.C:
		return errors.New("a callback doesn't return; its goroutine is left behind")
	}
}
