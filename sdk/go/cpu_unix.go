//go:build unix

package registry

import (
	"syscall"
	"time"
)

// processorTime is the time that this process has spent on processors.
func processorTime() (time.Duration, bool) {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0, false
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), true
}
