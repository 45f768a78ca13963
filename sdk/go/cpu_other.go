//go:build !unix

package registry

import "time"

func processorTime() (time.Duration, bool) { return 0, false }
