// The balancers that give the same key to the same instance.

package balance

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"strconv"
)

const ringScaleMax = 4096

// ring has the candidates on a circle of hashes: a key keeps its candidate while others come and go.
type ring struct{ entries []ringEntry }

type ringEntry struct {
	hash      uint64
	candidate int32
}

func newRing(c *candidates, size int) *ring {
	least := math.Inf(1)
	for _, one := range c.list {
		least = min(least, one.weight/c.total)
	}
	scale := min(math.Ceil(least*float64(size))/least, ringScaleMax)
	r := &ring{}
	target := 0.0
	var buffer []byte
	for i, one := range c.list {
		target += float64(scale * (one.weight / c.total))
		buffer = append(append(buffer[:0], one.hostPort...), '_')
		prefix := len(buffer)
		for k := uint64(0); float64(len(r.entries)) < target; k++ {
			buffer = strconv.AppendUint(buffer[:prefix], k, 10)
			r.entries = append(r.entries, ringEntry{XXH64(buffer), int32(i)})
		}
	}
	slices.SortFunc(r.entries, func(a, b ringEntry) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.candidate, b.candidate))
	})
	return r
}

// pick walks from the hash of key to the first candidate that wasn't tried; -1 if the ring has no other.
func (r *ring) pick(c *candidates, key []byte, tried []string) int {
	hash := XXH64(key)
	start := sort.Search(len(r.entries), func(i int) bool { return r.entries[i].hash >= hash })
	for n := range len(r.entries) {
		i := int(r.entries[(start+n)%len(r.entries)].candidate)
		if !isTried(c.list[i].member, tried) {
			return i
		}
	}
	return -1
}

func (c *candidates) ringHash(size int, key []byte, tried []string) int {
	c.ringOnce.Do(func() { c.ring = newRing(c, size) })
	return c.ring.pick(c, key, tried)
}

// rendezvous chooses the greatest score of all candidates with key.
func (c *candidates) rendezvous(key []byte) int {
	var space [256]byte
	best, bestHash, bestScore := -1, uint64(0), 0.0
	for i := range c.list {
		buffer := append(append(append(space[:0], c.list[i].hostPort...), 0), key...)
		hash, score := XXH64(buffer), 0.0
		order := 0
		if c.equal {
			order = cmp.Compare(hash, bestHash)
		} else {
			score = rendezvousScore(c.list[i].weight, hash)
			order = cmp.Compare(score, bestScore)
		}
		if best < 0 || order > 0 || order == 0 && c.list[i].hostPort > c.list[best].hostPort {
			best, bestHash, bestScore = i, hash, score
		}
	}
	return best
}

func rendezvousScore(weight float64, hash uint64) float64 {
	logarithm := math.Log((float64(hash>>11) + 0.5) / (1 << 53))
	if logarithm == 0 {
		return math.Inf(1)
	}
	return -weight / logarithm
}
