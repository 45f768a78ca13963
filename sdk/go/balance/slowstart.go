// Newcomers get little at first.

package balance

import (
	"math"
	"time"
)

// factor is the share of its weight that an endpoint gets age nanoseconds after it joined.
func (s *SlowStart) factor(age int64) float64 {
	if !s.holds(age) {
		return 1
	}
	grown := math.Pow(float64(max(age, int64(time.Second)))/float64(s.Window), 1/s.Aggression)
	return min(max(s.MinWeight/100, grown), 1)
}

// holds says whether an endpoint of that age is still starting.
func (s *SlowStart) holds(age int64) bool { return age < int64(s.Window) }
