// One HTTP request to a service, with all its tries.

package registry

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// discardedBytesMax bounds what is read of an answer that is thrown away, so that its connection can be used again.
const discardedBytesMax = 16 << 10

// httpCall is one request to a service, with all its tries.
type httpCall struct {
	client  *Client
	base    http.RoundTripper
	service *Service
	request *http.Request
	query   Query
	policy  *Policy
	tried   []string
	// sent says that the body was handed to a try, so that the next needs another.
	sent bool
}

// try is what came of one try.
type try struct {
	response *http.Response
	err      error
	outcome  Outcome
	latency  time.Duration
	cancel   context.CancelFunc
	pick     Pick
}

// run tries until there is an answer to hand back, or nothing more may be tried.
func (c *httpCall) run() (*http.Response, error) {
	begun := time.Now()
	caller := c.request.Context()
	if query, asked := QueryFrom(caller); asked {
		c.query = query
	}
	if c.query.Headers == nil {
		c.query.Headers = c.request.Header
	}
	pick, err := c.service.Choose(caller, c.query)
	if err != nil {
		closeBody(c.request)
		return nil, err
	}
	c.policy = c.service.Policy()
	ctx, cancel := caller, context.CancelFunc(func() {})
	if timeout := time.Duration(c.policy.Timeouts.Request); timeout > 0 {
		ctx, cancel = context.WithDeadline(caller, begun.Add(timeout))
	}
	c.service.budget.Deposit(int64(c.client.now()))
	for n := 0; ; n++ {
		last := c.send(ctx, pick)
		next, again := c.again(ctx, n, last)
		if !again {
			return last.handBack(cancel)
		}
		last.discard()
		pick = next
	}
}

// send makes one try.
func (c *httpCall) send(ctx context.Context, pick Pick) *try {
	t := &try{pick: pick, cancel: func() {}}
	ctx = withConnectTimeout(ctx, time.Duration(c.policy.Timeouts.Connect))
	stop := func() bool { return true }
	if limit := time.Duration(c.policy.Timeouts.PerTry); limit > 0 {
		limited, cancel := context.WithCancelCause(ctx)
		timer := time.AfterFunc(limit, func() { cancel(context.DeadlineExceeded) })
		ctx, stop, t.cancel = limited, timer.Stop, func() { timer.Stop(); cancel(nil) }
	}
	request, err := c.outgoing(ctx, &pick)
	if err != nil {
		t.err, t.outcome = err, Success // The instance has no part in it.
		return t
	}
	begun := time.Now()
	t.response, t.err = c.base.RoundTrip(request)
	t.latency = time.Since(begun)
	stop() // The time-out of a try is that of its answer's beginning.
	if cause := context.Cause(ctx); t.err != nil && errors.Is(cause, context.DeadlineExceeded) {
		t.err = cause
	}
	switch {
	case t.err != nil || t.response.StatusCode >= 500:
		t.outcome = Failure
	case t.response.StatusCode == http.StatusTooManyRequests:
		t.outcome = Overloaded
	}
	return t
}

// outgoing is the request as it goes to an instance.
func (c *httpCall) outgoing(ctx context.Context, pick *Pick) (*http.Request, error) {
	out := c.request.WithContext(ctx)
	target := new(url.URL)
	*target = *c.request.URL
	target.Host = pick.choice.HostPort()
	out.URL, out.Host = target, ""
	out.Header = handOnTrace(c.request.Context(), c.request.Header)
	if c.sent && c.hasBody() {
		body, err := c.request.GetBody()
		if err != nil {
			return nil, err
		}
		out.Body = body
	}
	c.sent = true
	return out, nil
}

func (c *httpCall) hasBody() bool { return c.request.Body != nil && c.request.Body != http.NoBody }

// again chooses the instance for another try, if there may be one; it waits before it does.
func (c *httpCall) again(ctx context.Context, n int, last *try) (Pick, bool) {
	retries := &c.policy.Retries
	if n >= retries.Max || ctx.Err() != nil || !c.mayRepeat(last) {
		return Pick{}, false
	}
	if !c.service.budget.Withdraw(retries, int64(c.client.now())) {
		return Pick{}, false
	}
	wait := retries.Backoff(n, rand.Uint64)
	if deadline, bounded := ctx.Deadline(); bounded && time.Until(deadline) <= wait || !sleep(ctx, wait) {
		return Pick{}, false
	}
	c.tried = append(c.tried, last.pick.Instance.ID)
	query := c.query
	query.Excluded = slices.Concat(query.Excluded, c.tried)
	next, err := c.service.Choose(ctx, query)
	return next, err == nil
}

// mayRepeat says whether what came of a try may be got rid of by another.
func (c *httpCall) mayRepeat(last *try) bool {
	if c.hasBody() && c.request.GetBody == nil {
		return false
	}
	if last.err != nil {
		return dialFailed(last.err) || isIdempotent(c.request)
	}
	return slices.Contains(c.policy.Retries.Statuses, last.response.StatusCode) && isIdempotent(c.request)
}

// handBack ends the call with what came of this try; cancel ends the time-out of the request.
func (t *try) handBack(cancel context.CancelFunc) (*http.Response, error) {
	if t.err != nil {
		if errors.Is(t.err, context.Canceled) {
			t.pick.Drop() // The caller lost interest; that says nothing of the instance.
		}
		t.pick.Done(t.outcome, t.latency)
		t.cancel()
		cancel()
		return nil, t.err
	}
	if t.response.StatusCode == http.StatusSwitchingProtocols {
		// The connection is the caller's now, for as long as they like.
		t.pick.Done(t.outcome, t.latency)
		return t.response, nil
	}
	end := func() { t.cancel(); cancel() }
	t.response.Body = &callBody{
		ReadCloser: t.response.Body, pick: t.pick, outcome: t.outcome, latency: t.latency, cancel: end,
	}
	return t.response, nil
}

// discard ends a try whose outcome isn't handed back.
func (t *try) discard() {
	if t.response != nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(t.response.Body, discardedBytesMax))
		t.response.Body.Close()
	}
	t.pick.Done(t.outcome, t.latency)
	t.cancel()
}
