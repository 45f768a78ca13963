// An instance as the registry shows it, and who may answer.

package balance

import (
	"net"
	"strconv"
)

// Statuses of an instance: what its owner or an administrator wants.
const (
	StatusUp          = "up"
	StatusStarting    = "starting"
	StatusDraining    = "draining"
	StatusDown        = "down"
	StatusMaintenance = "maintenance"
)

// Healths of an instance: what the registry knows of it.
const (
	HealthPassing = "passing"
	HealthSuspect = "suspect"
	HealthFailing = "failing"
)

// Instance is one running copy of a service, as the registry shows it. Treat it as read-only: it is shared.
type Instance struct {
	ID string `json:"id"`
	// Address is an IP address or a host name.
	Address string `json:"address"`
	Port    int    `json:"port"`
	// Ports are further ports by name.
	Ports map[string]int `json:"ports,omitempty"`
	// Protocol is what it speaks on Port, such as http or grpc.
	Protocol string `json:"protocol,omitempty"`
	// Version is the semantic version of the running code; without one it is in no range.
	Version string `json:"version,omitempty"`
	// Weight is its share of traffic relative to its siblings, 0 to 10000.
	Weight    int               `json:"weight"`
	Region    string            `json:"region,omitempty"`
	Zone      string            `json:"zone,omitempty"`
	Tags      []string          `json:"tags,omitempty"`
	Metadata  map[string]string `json:"metadata,omitempty"`
	Status    string            `json:"status"`
	Health    string            `json:"health"`
	Session   string            `json:"session,omitempty"`
	Ephemeral bool              `json:"ephemeral"`
	Revision  uint64            `json:"revision"`
}

// HostPort is the address and port as one dials it, IPv6 addresses in brackets.
func (i *Instance) HostPort() string { return net.JoinHostPort(i.Address, strconv.Itoa(i.Port)) }

func (i *Instance) isUp() bool { return i.Status == StatusUp }

// isEligible says whether i may answer: it is up, and not failing unless its service is protected.
func (i *Instance) isEligible(protected bool) bool {
	return i.isUp() && (protected || i.Health != HealthFailing)
}

// Protected says whether all members with status up are to be served, because fewer of them than threshold percent are
// healthy. The registry sends the answer with each list; this is for who has only the members.
func Protected(members []Instance, threshold int) bool {
	up, healthy := 0, 0
	for i := range members {
		if members[i].isUp() {
			up++
			healthy += truth(members[i].Health != HealthFailing)
		}
	}
	return healthy < up && healthy*100 < up*threshold
}
