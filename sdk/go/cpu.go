// How busy this process keeps its processors.

package registry

import (
	"runtime"
	"time"
)

// cpuMeter measures the share of its processors that this process keeps busy.
type cpuMeter struct {
	at, spent time.Duration
	begun     bool
}

// share is that since the last call, 0 to 1; nil at first, and where it isn't cheap to know. It isn't safe for
// concurrent use.
func (m *cpuMeter) share(now time.Duration) *float64 {
	spent, known := processorTime()
	if !known {
		return nil
	}
	before := *m
	m.at, m.spent, m.begun = now, spent, true
	passed := now - before.at
	if !before.begun || passed <= 0 {
		return nil
	}
	share := float64(spent-before.spent) / float64(passed) / float64(runtime.GOMAXPROCS(0))
	share = min(max(share, 0), 1)
	return &share
}
