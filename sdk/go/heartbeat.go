// One heartbeat for the process, whatever it registered.

package registry

import (
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"
)

// beginHeartbeats starts the heartbeats of the process with its first registration.
func (c *Client) beginHeartbeats() {
	c.heartbeats.Do(func() { c.start(c.beat) })
}

// beat sends heartbeats until the client ends, while something is registered.
func (c *Client) beat() {
	pacer := newPacer()
	wait := jittered(c.config.Heartbeat, rand.Float64())
	for sleep(c.ctx, wait) {
		wait = jittered(c.config.Heartbeat, rand.Float64())
		if !c.registrations.anyTaken() {
			continue
		}
		report := c.report.take(c.now())
		err := c.ask(c.ctx, call{
			method: http.MethodPost, path: "/sessions/" + c.session + "/heartbeat", body: report,
			taken: []int{http.StatusOK, http.StatusNoContent},
		})
		if err == nil {
			pacer.succeeded(c.now())
			c.registrations.took(true)
			continue
		}
		c.report.back(report)
		c.registrations.took(false)
		var refused *ProblemError
		if asRefusal(err, &refused) && refused.Status == http.StatusNotFound {
			c.registrations.again()
			continue
		}
		// With the next interval at the latest: the longest jitter would outlast the ttl.
		wait = min(wait, pacer.failed(c.now(), retryAfter(err)))
		c.tell(slog.LevelWarn, EventRetrying,
			slog.String("what", "heartbeat"), slog.Duration("wait", wait), slog.Any("error", err))
	}
}

// jittered is interval ±10 %; random is from 0 to 1.
func jittered(interval time.Duration, random float64) time.Duration {
	return time.Duration(float64(interval) * (0.9 + 0.2*random))
}
