// Random numbers that are handed in, and indices from them.

package balance

import "math/bits"

// Rand is a source of uniform 64-bit random numbers, such as [math/rand/v2.Uint64]. It is called by many goroutines at
// once.
type Rand func() uint64

// mulhi maps the random number r to [0, n): ⌊r·n / 2^64⌋.
func mulhi(r, n uint64) uint64 {
	high, _ := bits.Mul64(r, n)
	return high
}

// twoOf draws two different indices among n ≥ 2.
func twoOf(n int, rand Rand) (int, int) {
	i := mulhi(rand(), uint64(n))
	j := mulhi(rand(), uint64(n-1))
	if j >= i {
		j++
	}
	return int(i), int(j)
}
