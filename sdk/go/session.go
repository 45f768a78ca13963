// The id under which all registrations of the process live and die.

package registry

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
)

// sessionTTL is the silence after which the registry takes this process for failing.
const sessionTTL = "15s"

// newSession draws the id under which all registrations of this process live and die.
func newSession() string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "host"
	}
	return sessionID(host, os.Getpid(), rand.Uint32())
}

func sessionID(host string, process int, random uint32) string {
	host = strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r) {
			return r
		}
		return '-'
	}, host)
	// An id begins with a letter or digit and has 128 bytes at most; what follows the host has 29 or less.
	host = strings.TrimLeft(host[:min(len(host), 90)], "._-")
	return fmt.Sprintf("%s-%d-%08x", orElse(host, "host"), process, random)
}
