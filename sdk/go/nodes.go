// The addresses of the registry: which is used, and when it is left.

package registry

import (
	"sync"
	"time"
)

const (
	// isolatedPause is the least time between two moves away from isolated nodes.
	isolatedPause = 30 * time.Second
	// isolatedAge is how long a node is taken for isolated after it last said so.
	isolatedAge = 2 * time.Minute
)

// nodes are the addresses of the registry, and which of them is used now: by streams and requests alike.
type nodes struct {
	mu   sync.Mutex
	urls []string
	// isolated is until when each is taken for cut off from the others.
	isolated []time.Duration
	current  int
	// movedAt is when an isolated node was left last; before the first time, movedBefore is false.
	movedAt     time.Duration
	movedBefore bool
	// onMove is called after another node has become the current one.
	onMove func()
}

func newNodes(urls []string, first int, onMove func()) *nodes {
	return &nodes{urls: urls, isolated: make([]time.Duration, len(urls)), current: first % len(urls), onMove: onMove}
}

// node is the number and the URL of the one to speak to.
func (n *nodes) node() (int, string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.current, n.urls[n.current]
}

// failed goes to the next node, unless somebody has already left the one that failed.
func (n *nodes) failed(node int) {
	n.mu.Lock()
	move := node == n.current && len(n.urls) > 1
	if move {
		n.current = (n.current + 1) % len(n.urls)
	}
	n.mu.Unlock()
	if move {
		n.onMove()
	}
}

// answered notes whether a node is cut off from the others, and leaves one that is, if another may not be.
func (n *nodes) answered(node int, isolated bool, now time.Duration) {
	n.mu.Lock()
	n.isolated[node] = 0
	if isolated {
		n.isolated[node] = now + isolatedAge
	}
	next := n.current
	if isolated && node == n.current && (!n.movedBefore || now-n.movedAt >= isolatedPause) {
		for step := 1; step < len(n.urls) && n.isolated[next] > now; step++ {
			next = (n.current + step) % len(n.urls)
		}
	}
	move := next != n.current && n.isolated[next] <= now
	if move {
		n.current, n.movedAt, n.movedBefore = next, now, true
	}
	n.mu.Unlock()
	if move {
		n.onMove()
	}
}
