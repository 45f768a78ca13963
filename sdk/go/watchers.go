// Waking those who wait for changes.

package registry

import (
	"context"
	"sync"
)

// watchers are wake-up calls: each holds one that was not taken yet, however often it was woken.
type watchers struct {
	mu  sync.Mutex
	all map[chan struct{}]struct{}
}

func (w *watchers) add() chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		w.all = map[chan struct{}]struct{}{}
	}
	call := make(chan struct{}, 1)
	w.all[call] = struct{}{}
	return call
}

func (w *watchers) remove(call chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.all, call)
}

func (w *watchers) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for call := range w.all {
		nudge(call)
	}
}

// nudge leaves a wake-up call, unless one is waiting already.
func nudge(call chan struct{}) {
	select {
	case call <- struct{}{}:
	default:
	}
}

// follow calls back at each wake-up, one at a time, on a goroutine of its own until stop is called or the client ends.
// callback may call stop.
func (c *Client) follow(w *watchers, wakeNow bool, callback func(ctx context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(c.ctx)
	call := w.add()
	if wakeNow {
		nudge(call)
	}
	started := c.start(func() {
		defer cancel()
		defer w.remove(call)
		for {
			select {
			case <-ctx.Done():
				return
			case <-call:
			}
			if ctx.Err() == nil {
				callback(ctx)
			}
		}
	})
	if !started {
		cancel()
		w.remove(call)
	}
	return cancel
}
