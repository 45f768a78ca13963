// How long to wait after a failure.

package registry

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/paste-registry/paste-registry/sdk/go/balance"
)

const (
	// goodAfter is the success after which failures are counted anew.
	goodAfter = 10 * time.Second
	// retryAfterMax is the longest Retry-After that is heeded.
	retryAfterMax = 60 * time.Second
)

// pacer says how long to wait after a failure: full jitter, longer with each failure.
type pacer struct {
	failures  int
	goodSince time.Duration
	good      bool
	rand      balance.Rand
}

func newPacer() *pacer { return &pacer{rand: rand.Uint64} }

// succeeded notes a success.
func (p *pacer) succeeded(now time.Duration) {
	if !p.good {
		p.good, p.goodSince = true, now
	}
	p.settle(now)
}

func (p *pacer) settle(now time.Duration) {
	if p.good && now-p.goodSince >= goodAfter {
		p.failures = 0
	}
}

// failed notes a failure, and says how long to wait; least is what the registry asked for.
func (p *pacer) failed(now, least time.Duration) time.Duration {
	p.settle(now)
	p.good = false
	wait := balance.Reconnect(p.failures, p.rand)
	p.failures++
	if least <= retryAfterMax {
		wait = max(wait, least)
	}
	return wait
}

// sleep waits, and reports whether ctx went on meanwhile.
func sleep(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
