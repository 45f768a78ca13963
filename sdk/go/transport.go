// The round tripper that sends http://service/path to an instance.

package registry

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"
)

const (
	// connectTimeout is how long opening a connection may take where the policy says nothing else.
	connectTimeout = time.Second
	// idleConnectionsMax bounds the idle connections of the client's own transport, to one instance and to all.
	idleConnectionsMax        = 64
	idleConnectionsOverallMax = 1024
)

// HTTP is an HTTP client that sends http://orders/path to an instance of the service orders. See [Client.Transport].
func (c *Client) HTTP() *http.Client { return &http.Client{Transport: c.Transport(nil)} }

// Transport is a round tripper that sends requests for http://orders/path to an instance of the service orders: it
// chooses one by the policy of the service and what [WithQuery] says, tells the outcome, and tries again as the policy
// allows. Hosts with a port and IP addresses are no services; requests for them are sent as they are.
//
// A request that gets no answer from any try returns the error of the last. Every method is sent again when no
// connection could be opened; only GET, HEAD, OPTIONS, PUT, DELETE, TRACE and what [WithIdempotent] or an Idempotency-Key
// declares idempotent after that. A body is sent again only if the request has GetBody.
//
// The requests go through base; nil stands for a transport of the client's own, which heeds the connect time-out of the
// policy and ends with the client.
func (c *Client) Transport(base http.RoundTripper) http.RoundTripper {
	if base == nil {
		c.transportOnce.Do(func() { c.transport = newTransport() })
		if c.transport == nil {
			return failing{ErrClosed}
		}
		base = c.transport
	}
	return &transport{client: c, base: base}
}

func newTransport() *http.Transport {
	own := http.DefaultTransport.(*http.Transport).Clone()
	own.Proxy = nil // Instances are neighbours.
	own.MaxIdleConns, own.MaxIdleConnsPerHost = idleConnectionsOverallMax, idleConnectionsMax
	var dialer net.Dialer
	own.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		timeout, told := ctx.Value(connectKey).(time.Duration)
		if !told {
			timeout = connectTimeout
		}
		if timeout > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, timeout)
			defer cancel()
		}
		return dialer.DialContext(ctx, network, address)
	}
	return own
}

// failing is a round tripper that fails.
type failing struct{ err error }

func (f failing) RoundTrip(request *http.Request) (*http.Response, error) {
	closeBody(request)
	return nil, f.err
}

// transport is a round tripper that finds instances.
type transport struct {
	client *Client
	base   http.RoundTripper
}

// RoundTrip sends a request to an instance of the service that its URL names.
func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	service := t.client.known(request.URL.Host)
	if service == nil {
		if !isService(request.URL.Host) {
			return t.base.RoundTrip(request)
		}
		service = t.client.Service(request.URL.Host)
	}
	call := httpCall{client: t.client, base: t.base, service: service, request: request}
	return call.run()
}

// CloseIdleConnections closes those of the base.
func (t *transport) CloseIdleConnections() {
	if base, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		base.CloseIdleConnections()
	}
}

func isService(host string) bool {
	if !nameForm.MatchString(host) {
		return false
	}
	_, err := netip.ParseAddr(host)
	return err != nil
}

func closeBody(request *http.Request) {
	if request.Body != nil {
		request.Body.Close()
	}
}

// dialFailed says whether no connection could be opened, so that nothing was sent.
func dialFailed(err error) bool {
	var operation *net.OpError
	return errors.As(err, &operation) && operation.Op == "dial"
}

func isIdempotent(request *http.Request) bool {
	switch request.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete, http.MethodTrace:
		return true
	}
	declared, _ := request.Context().Value(idempotentKey).(bool)
	return declared || request.Header["Idempotency-Key"] != nil
}

// callBody is the body of an answer: when it has been read or closed, the call has ended.
type callBody struct {
	io.ReadCloser
	pick    Pick
	outcome Outcome
	latency time.Duration
	cancel  context.CancelFunc
}

func (b *callBody) Read(buffer []byte) (int, error) {
	n, err := b.ReadCloser.Read(buffer)
	if err != nil {
		if err != io.EOF && !errors.Is(err, context.Canceled) {
			b.outcome = Failure
		}
		b.end()
	}
	return n, err
}

func (b *callBody) Close() error {
	err := b.ReadCloser.Close()
	b.end()
	return err
}

func (b *callBody) end() {
	b.pick.Done(b.outcome, b.latency)
	b.cancel()
}
