package registry

import (
	"testing"
	"time"
)

func TestNodes(t *testing.T) {
	moves := 0
	n := newNodes([]string{"a", "b", "c"}, 4, func() { moves++ })
	expect := func(what, url string, moved int) {
		t.Helper()
		if _, got := n.node(); got != url || moves != moved {
			t.Errorf("%s: at %s after %d moves, expected %s after %d", what, got, moves, url, moved)
		}
	}
	expect("it begins with one at random", "b", 0)
	n.failed(1)
	expect("the next after a failure", "c", 1)
	n.failed(1)
	expect("a failure that is old news changes nothing", "c", 1)
	n.failed(2)
	expect("the first after the last", "a", 2)
	n.answered(0, true, 0)
	expect("an isolated node is left", "b", 3)
	n.answered(1, true, isolatedPause-1)
	expect("but not twice in 30 s", "b", 3)
	n.answered(1, true, isolatedPause)
	expect("to one that isn't known to be isolated", "c", 4)
	n.answered(2, true, 3*isolatedPause)
	expect("when all are isolated it stays", "c", 4)
	n.answered(0, false, 3*isolatedPause)
	n.answered(2, true, 3*isolatedPause)
	expect("until another isn't", "a", 5)
	n.answered(0, true, isolatedPause+isolatedAge)
	expect("or said so too long ago", "b", 6)
	one := newNodes([]string{"a"}, 0, func() { t.Error("it moved") })
	one.failed(0)
	one.answered(0, true, time.Hour)
}

func TestPacing(t *testing.T) {
	p := &pacer{rand: func() uint64 { return 1<<64 - 1 }}
	for i, want := range []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second} {
		if wait := p.failed(0, 0); wait != want-1 {
			t.Errorf("failure %d: %v", i, wait)
		}
	}
	if wait := p.failed(0, time.Minute); wait != time.Minute {
		t.Errorf("Retry-After isn't heeded: %v", wait)
	}
	if wait := p.failed(0, time.Hour); wait != 8*time.Second-1 {
		t.Errorf("a Retry-After of an hour is heeded: %v", wait)
	}
	p.succeeded(0)
	if wait := p.failed(goodAfter-1, 0); wait != 16*time.Second-1 {
		t.Errorf("a short success counts: %v", wait)
	}
	p.succeeded(0)
	if wait := p.failed(goodAfter, 0); wait != 500*time.Millisecond-1 {
		t.Errorf("a long success doesn't count: %v", wait)
	}
}

func TestSessionIDs(t *testing.T) {
	long := make([]byte, 300)
	for i := range long {
		long[i] = 'x'
	}
	for host, want := range map[string]string{
		"web-1": "web-1-7-0000002a", "Zürich 2": "Z-rich-2-7-0000002a", "_": "host-7-0000002a", "": "host-7-0000002a",
	} {
		if got := sessionID(host, 7, 42); got != want {
			t.Errorf("%q: %s, expected %s", host, got, want)
		}
	}
	if id := sessionID(string(long), 1<<31, 1<<32-1); len(id) > 128 || !instanceIDForm.MatchString(id) {
		t.Errorf("%s", id)
	}
}
