// What is remembered of an instance at its address.

package balance

import (
	"slices"
	"sync/atomic"
)

// endpoint is what a client remembers of one instance at one address: it outlives changes of the instance's record.
type endpoint struct {
	id       string
	inFlight atomic.Int64
	latency  ewma
	// Guarded by the mutex of the table.
	current float64
	health  outlier
	gone    bool
}

// member is an instance of a roster with its endpoint.
type member struct {
	instance *Instance
	endpoint *endpoint
	hostPort string
	version  Version
	released bool
	// joined is when its slow start began; slow says whether there was one.
	joined int64
	slow   bool
	// wasEligible says whether it could answer before the last change.
	wasEligible bool
}

func newMember(instance *Instance) member {
	m := member{instance: instance, hostPort: instance.HostPort()}
	if instance.Version != "" {
		m.version, m.released = ParseVersion(instance.Version)
	}
	return m
}

func (m *member) matches(versions *Range, tags []string, metadata map[string]string) bool {
	if versions != nil && !(m.released && versions.Matches(m.version)) {
		return false
	}
	for _, tag := range tags {
		if !slices.Contains(m.instance.Tags, tag) {
			return false
		}
	}
	for key, value := range metadata {
		if there, ok := m.instance.Metadata[key]; !ok || there != value {
			return false
		}
	}
	return true
}
