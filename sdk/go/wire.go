// The events of the stream as they are sent, and what of them is refused.

package registry

import (
	"encoding/json"
	"fmt"

	"github.com/paste-registry/paste-registry/sdk/go/balance"
)

// watchRequest is the body that opens a stream.
type watchRequest struct {
	Services []string          `json:"services"`
	Configs  []string          `json:"configs,omitempty"`
	Session  string            `json:"session,omitempty"`
	Zone     string            `json:"zone,omitempty"`
	Labels   map[string]string `json:"labels,omitempty"`
}

// snapshotEvent is all of a service. What may not be missing is a pointer, so that its absence is seen.
type snapshotEvent struct {
	Service   string          `json:"service"`
	Revision  *uint64         `json:"revision"`
	Protected bool            `json:"protected"`
	Policy    json.RawMessage `json:"policy"`
	Instances *[]*Instance    `json:"instances"`
}

// deltaEvent is what changed in a service.
type deltaEvent struct {
	Service   string  `json:"service"`
	Revision  *uint64 `json:"revision"`
	Protected bool    `json:"protected"`
	// Policy is absent where it didn't change, null where there is none any more.
	Policy   json.RawMessage `json:"policy"`
	Upserted []*Instance     `json:"upserted"`
	Removed  []string        `json:"removed"`
}

// configEvent is what this process is to have of a configuration item.
type configEvent struct {
	Group   string  `json:"group"`
	Key     string  `json:"key"`
	Release *uint64 `json:"release"`
	Format  string  `json:"format"`
	Content *string `json:"content"`
	Secret  bool    `json:"secret"`
	Removed bool    `json:"removed"`
	Error   string  `json:"error"`
}

func decodeEvent(name string, data []byte, into any) error {
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("the %s event can't be read: %w", name, err)
	}
	return nil
}

func (e *snapshotEvent) check() error {
	if e.Service == "" || e.Revision == nil || e.Instances == nil {
		return fmt.Errorf("a snapshot event lacks its service, revision or instances")
	}
	return checkInstances(*e.Instances)
}

func (e *deltaEvent) check() error {
	if e.Service == "" || e.Revision == nil {
		return fmt.Errorf("a delta event lacks its service or revision")
	}
	return checkInstances(e.Upserted)
}

// checkInstances refuses instances that can't be called.
func checkInstances(instances []*Instance) error {
	for _, instance := range instances {
		if instance == nil || instance.ID == "" || instance.Address == "" || instance.Port == 0 {
			return fmt.Errorf("an instance lacks its id, address or port")
		}
	}
	return nil
}

// policyOf reads the policy of an event; nil for none.
func policyOf(data json.RawMessage) (*balance.Policy, error) {
	if len(data) == 0 || string(data) == "null" {
		return nil, nil
	}
	return balance.ParsePolicy(data)
}
