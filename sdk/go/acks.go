// What this process says of the releases it took: gathered, sent, and sent again.

package registry

import (
	"errors"
	"log/slog"
	"net/http"
	"sync"
)

const (
	acksMax          = 1000
	ackErrorBytesMax = 1024
)

// ack is what this process says of one release.
type ack struct {
	Group   string `json:"group"`
	Key     string `json:"key"`
	Release uint64 `json:"release"`
	Error   string `json:"error,omitempty"`
}

// acks are what hasn't been acknowledged yet: of each item the last word.
type acks struct {
	mu      sync.Mutex
	waiting map[string]ack
	call    chan struct{}
}

func newAcks() *acks { return &acks{waiting: map[string]ack{}, call: make(chan struct{}, 1)} }

func (a *acks) add(group, key string, release uint64, failed error) {
	one := ack{Group: group, Key: key, Release: release}
	if failed != nil {
		one.Error = cutText(failed.Error(), ackErrorBytesMax)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting[group+"/"+key] = one
	nudge(a.call)
}

// take is what to send next, at most as much as one request may have.
func (a *acks) take() []ack {
	a.mu.Lock()
	defer a.mu.Unlock()
	var taken []ack
	for name, one := range a.waiting {
		if len(taken) == acksMax {
			nudge(a.call)
			break
		}
		taken = append(taken, one)
		delete(a.waiting, name)
	}
	return taken
}

// back keeps what couldn't be sent, unless there is a later word.
func (a *acks) back(taken []ack) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, one := range taken {
		if _, later := a.waiting[one.Group+"/"+one.Key]; !later {
			a.waiting[one.Group+"/"+one.Key] = one
		}
	}
	nudge(a.call)
}

// acknowledge sends what was said of releases until the client ends.
func (c *Client) acknowledge() {
	pacer := newPacer()
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-c.acks.call:
		}
		taken := c.acks.take()
		if len(taken) == 0 {
			continue
		}
		err := c.ask(c.ctx, call{
			method: http.MethodPost, path: "/configs/acks", taken: []int{http.StatusOK},
			body: map[string]any{"session": c.session, "acks": taken},
		})
		var refused *ProblemError
		switch {
		case err == nil:
			pacer.succeeded(c.now())
		case asRefusal(err, &refused):
			if refused.Status != http.StatusNotFound {
				c.config.Logger.Warn("registry: releases can't be acknowledged", "error", err)
			}
		default:
			c.acks.back(taken)
			wait := pacer.failed(c.now(), retryAfter(err))
			c.tell(slog.LevelWarn, EventRetrying, slog.String("what", "acks"), slog.Duration("wait", wait), slog.Any("error", err))
			if !sleep(c.ctx, wait) {
				return
			}
		}
	}
}

// asRefusal says whether err is a refusal, which another try doesn't change.
func asRefusal(err error, refused **ProblemError) bool {
	var again *failure
	return !errors.As(err, &again) && errors.As(err, refused)
}

// cutText is text cut to at most most bytes, between characters.
func cutText(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for i := range text {
		if i > most {
			break
		}
		if i+4 > most {
			return text[:i]
		}
	}
	return text[:most]
}
