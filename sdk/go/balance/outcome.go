// How a call ended, and what that changes.

package balance

import "time"

// Outcome is how a call ended.
type Outcome int

// The outcomes of a call.
const (
	// Success is an answer, whatever it says.
	Success Outcome = iota
	// Failure is a connection that failed, a time-out, a 5xx.
	Failure
	// Overloaded is a 429: it keeps calls away, but is no reason to eject.
	Overloaded
	// Dropped is a call of whose outcome nobody tells: a success without latency.
	Dropped
	// Unused is a choice with which no call was made: it says nothing.
	Unused
)

// Begin counts a call in flight.
func (c Choice) Begin() { c.endpoint.inFlight.Add(1) }

// Finish ends a call that was begun: its outcome and latency steer the choices to come. It returns the ids of the
// instances that have been ejected since it was called last, for any call.
func (c Choice) Finish(outcome Outcome, latency time.Duration, now int64) (ejected []string) {
	e, t := c.endpoint, c.table
	e.inFlight.Add(-1)
	if outcome == Unused {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !e.gone {
		switch outcome {
		case Success:
			t.observe(&e.latency, float64(latency), now)
		case Failure, Overloaded:
			t.observeFailure(&e.latency, float64(latency), now)
		}
		t.record(e, outcome != Failure, now)
	}
	ejected, t.news = t.news, nil
	return ejected
}
