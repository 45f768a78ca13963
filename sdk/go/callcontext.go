// What a call's context carries: what is asked of the instance, and the caller's tracing.

package registry

import (
	"context"
	"net/http"
	"time"
)

type contextKey int

const (
	queryKey contextKey = iota
	idempotentKey
	traceKey
	connectKey
)

// WithQuery says what the HTTP wrapper and the gRPC balancer are to ask of an instance for the calls made with ctx.
func WithQuery(ctx context.Context, query Query) context.Context {
	return context.WithValue(ctx, queryKey, &query)
}

// QueryFrom is what [WithQuery] said.
func QueryFrom(ctx context.Context) (Query, bool) {
	query, ok := ctx.Value(queryKey).(*Query)
	if !ok {
		return Query{}, false
	}
	return *query, true
}

// WithIdempotent declares the calls made with ctx idempotent: the HTTP wrapper may send them again, whatever their method.
func WithIdempotent(ctx context.Context) context.Context {
	return context.WithValue(ctx, idempotentKey, true)
}

// traceHeaders are what a caller's tracing hands on.
var traceHeaders = [...]string{"Traceparent", "Tracestate", "Baggage"}

// withTrace keeps the tracing headers of a request that is served, for the calls made while serving it.
func withTrace(ctx context.Context, headers http.Header) context.Context {
	if _, traced := headers[traceHeaders[0]]; !traced {
		if _, baggage := headers[traceHeaders[2]]; !baggage {
			return ctx
		}
	}
	return context.WithValue(ctx, traceKey, headers)
}

// handOnTrace is headers with those of the caller's tracing that they lack; headers themselves if there are none.
func handOnTrace(ctx context.Context, headers http.Header) http.Header {
	caller, traced := ctx.Value(traceKey).(http.Header)
	if !traced || headers[traceHeaders[0]] != nil {
		return headers
	}
	headers = headers.Clone()
	if headers == nil {
		headers = http.Header{}
	}
	for _, name := range traceHeaders {
		if values := caller[name]; values != nil && headers[name] == nil {
			headers[name] = values
		}
	}
	return headers
}

// withConnectTimeout tells the dialer of the client's own transport how long it may take.
func withConnectTimeout(ctx context.Context, timeout time.Duration) context.Context {
	if timeout == connectTimeout {
		return ctx
	}
	return context.WithValue(ctx, connectKey, timeout)
}
