// Counting what this process serves.

package registry

import (
	"net/http"
)

// Middleware counts the requests that next serves, for the heartbeats: how many, how many failed (5xx or a panic), how
// many are under way. Calls made with the context of a request hand on its tracing headers.
func (c *Client) Middleware(next http.Handler) http.Handler {
	c.report.serving.Store(true)
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		c.report.inFlight.Add(1)
		recorder := &statusRecorder{ResponseWriter: w}
		finished := false
		defer func() {
			c.report.inFlight.Add(-1)
			c.report.requests.Add(1)
			if !finished || recorder.status >= 500 {
				c.report.errors.Add(1)
			}
		}()
		if ctx := withTrace(request.Context(), request.Header); ctx != request.Context() {
			request = request.WithContext(ctx)
		}
		next.ServeHTTP(recorder, request)
		finished = true
	})
}

// Serving counts a call that is served by other means than HTTP. Call the result when it has ended.
func (c *Client) Serving() (finished func(failed bool)) {
	c.report.serving.Store(true)
	c.report.inFlight.Add(1)
	return func(failed bool) {
		c.report.inFlight.Add(-1)
		c.report.requests.Add(1)
		if failed {
			c.report.errors.Add(1)
		}
	}
}

// statusRecorder notes the status of an answer. What else the writer beneath it can do is reached through Unwrap.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (r *statusRecorder) WriteHeader(status int) {
	if r.status < 200 { // Informational ones come before the status.
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap is for [http.ResponseController].
func (r *statusRecorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Flush sends what is buffered, for those who look for an [http.Flusher].
func (r *statusRecorder) Flush() { _ = http.NewResponseController(r.ResponseWriter).Flush() }
