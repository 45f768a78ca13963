// One connection of a stream: opening it, reading it, and why it ended.

package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"time"
)

const (
	// streamSilence is the silence after which a stream is dead. The registry says something every 15 s.
	streamSilence = 45 * time.Second
	// freshAge is the silence of an open stream up to which the copy counts as current.
	freshAge = 20 * time.Second
)

var errSilent = errors.New("the stream was silent for 45 s")

// unreadable is an event that can't be read: what is known then may be wrong, and is asked for anew.
type unreadable struct{ cause error }

func (u *unreadable) Error() string { return u.cause.Error() }

func (u *unreadable) Unwrap() error { return u.cause }

func isUnreadable(err error) bool {
	var u *unreadable
	return errors.As(err, &u)
}

// connection is one connection of a stream.
type connection struct {
	stream *stream
	ctx    context.Context
	cancel context.CancelCauseFunc
	body   io.ReadCloser
	silent *time.Timer
	node   int
	// wanted is the number of what it watches, lastID where it went on.
	wanted uint64
	lastID string
	// done is closed when it has ended, for err.
	done chan struct{}
	err  error
	// epoch is the history that it tells of; empty while it hasn't said. early are the services of which it told before.
	epoch string
	early []*serviceCopy
}

// connect opens the stream, where the last connection ended if that still holds.
func (s *stream) connect(ctx context.Context) (*connection, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	silent := time.AfterFunc(streamSilence, func() { cancel(errSilent) })
	what, wanted, lastID := s.request()
	node, base := s.client.nodes.node()
	response, err := s.client.openStream(ctx, base, what, lastID)
	if err == nil && response.StatusCode != http.StatusOK {
		err = s.refused(node, response)
	} else if err == nil {
		err = checkStream(response)
	}
	if err != nil {
		silent.Stop()
		s.client.forgetIfRefused(err)
		if !isProblem(err) {
			s.client.nodes.failed(node)
		}
		if cause := context.Cause(ctx); cause == errSilent {
			err = cause
		}
		cancel(nil)
		return nil, err
	}
	s.client.nodes.answered(node, response.Header.Get("X-Registry-Isolated") != "", s.client.now())
	epoch, _, _ := strings.Cut(lastID, "-")
	c := &connection{
		stream: s, ctx: ctx, cancel: cancel, body: response.Body, silent: silent, node: node,
		wanted: wanted, lastID: lastID, done: make(chan struct{}), epoch: epoch,
	}
	s.heard()
	s.client.tell(slog.LevelInfo, EventConnected, slog.String("url", base))
	return c, nil
}

func (c *Client) openStream(ctx context.Context, base string, what watchRequest, lastID string) (*http.Response, error) {
	request, err := c.newRequest(ctx, base, http.MethodPost, "/watch", what)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "text/event-stream")
	request.Header.Set("Accept-Encoding", "identity") // What is compressed on the way would come late.
	if lastID != "" {
		request.Header.Set("Last-Event-ID", lastID)
	}
	return c.http.Do(request)
}

func (s *stream) refused(node int, response *http.Response) error {
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, answerBytesMax))
	if err != nil {
		return err
	}
	return s.client.judge(node, response, body, nil)
}

func checkStream(response *http.Response) error {
	kind, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if err != nil || kind != "text/event-stream" {
		response.Body.Close()
		return fmt.Errorf("the registry answered a stream with %q", response.Header.Get("Content-Type"))
	}
	return nil
}

func isProblem(err error) bool {
	var problem *ProblemError
	return errors.As(err, &problem)
}

// forgetIfRefused registers again if the stream was refused because the registry doesn't know the session.
func (c *Client) forgetIfRefused(err error) {
	var problem *ProblemError
	if errors.As(err, &problem) && problem.Status == http.StatusNotFound && problem.Code == "not-registered" {
		c.registrations.again()
	}
}

func (s *stream) heard() { s.lastByte.Store(int64(s.client.now())) }

// close ends the connection, if there is one, and waits until nothing of it is applied any more.
func (c *connection) close() {
	if c == nil {
		return
	}
	c.cancel(nil)
	<-c.done
}

// Read reads from the body, and notes that something came.
func (c *connection) Read(buffer []byte) (int, error) {
	n, err := c.body.Read(buffer)
	if n > 0 {
		c.silent.Reset(streamSilence)
		c.stream.heard()
	}
	return n, err
}

// read applies what comes until the connection ends.
func (c *connection) read() {
	defer close(c.done)
	defer c.cancel(nil)
	defer c.silent.Stop()
	defer c.body.Close()
	events := newSSEReader(c)
	for {
		event, err := events.next()
		if err == nil {
			if err = c.apply(event); err != nil {
				err = &unreadable{err}
			}
		} else if errors.Is(err, errLineTooLong) {
			err = &unreadable{err}
		}
		if err != nil {
			c.end(err)
			return
		}
	}
}

// end notes why the connection ended. That it was replaced, or that the client ends, is no failure of the node.
func (c *connection) end(err error) {
	c.err = err
	client := c.stream.client
	if cause := context.Cause(c.ctx); cause != nil {
		c.err = cause
		if cause != errSilent {
			return
		}
	}
	client.nodes.failed(c.node)
	client.tell(slog.LevelInfo, EventDisconnected, slog.Any("error", c.err))
}

func (c *connection) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}
