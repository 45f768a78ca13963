// Waits before retries and reconnects.

package balance

import (
	"math"
	"time"
)

const (
	reconnectBase = 500 * time.Millisecond
	reconnectMax  = 30 * time.Second
)

// Backoff is the time to wait before retry n (from 0) of a call: full jitter.
func (r *Retries) Backoff(n int, rand Rand) time.Duration {
	most := doubled(time.Duration(r.BackoffBase), n, time.Duration(r.BackoffMax))
	return time.Duration(mulhi(rand(), uint64(most)+1))
}

// Reconnect is the time to wait after failure n (from 0) of speaking to the registry: full jitter.
func Reconnect(n int, rand Rand) time.Duration {
	return time.Duration(mulhi(rand(), uint64(doubled(reconnectBase, n, reconnectMax))))
}

// doubled is base·2^n, at most limit.
func doubled(base time.Duration, n int, limit time.Duration) time.Duration {
	for ; n > 0 && base < limit; n-- {
		if base > math.MaxInt64/2 {
			return limit
		}
		base *= 2
	}
	return min(base, limit)
}
