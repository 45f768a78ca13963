package main

import (
	"runtime"
	"strings"
	"time"
)

// goroutines are those that run now, by number, with what started them.
func goroutines() map[string]string {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	found := map[string]string{}
	for _, stack := range strings.Split(string(stacks), "\n\n") {
		number, _, _ := strings.Cut(stack, " [")
		_, origin, started := strings.Cut(stack, "created by ")
		if started {
			origin, _, _ = strings.Cut(origin, "\n")
			found[number], _, _ = strings.Cut(origin, " in goroutine")
		}
	}
	return found
}

// left names what has started since before and still runs. Goroutines that are ending get a moment for it.
func left(before map[string]string) []string {
	for end := time.Now().Add(time.Second); ; time.Sleep(10 * time.Millisecond) {
		names := []string{}
		for number, origin := range goroutines() {
			if _, old := before[number]; !old {
				names = append(names, origin)
			}
		}
		if len(names) == 0 || time.Now().After(end) {
			return names
		}
	}
}
