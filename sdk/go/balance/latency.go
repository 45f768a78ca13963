// The buckets of a latency histogram.

package balance

import (
	"math"
	"sort"
	"time"
)

// LatencyBuckets is the number of buckets of a latency histogram.
const LatencyBuckets = 40

// latencyBounds has the greatest latency of each bucket, in nanoseconds: floor(100000·2^(i/2)).
var latencyBounds = func() (bounds [LatencyBuckets]int64) {
	for i := range bounds {
		bound := float64(int64(100000) << (i / 2))
		if i%2 == 1 {
			bound *= math.Sqrt2
		}
		bounds[i] = int64(bound)
	}
	return bounds
}()

// LatencyBucket is the bucket of a latency: the first whose bound it doesn't exceed, else the last.
func LatencyBucket(latency time.Duration) int {
	last := LatencyBuckets - 1
	return sort.Search(last, func(i int) bool { return int64(latency) <= latencyBounds[i] })
}
