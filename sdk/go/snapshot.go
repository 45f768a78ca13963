// The local copy on disk: its format, and what of it may be used at a start.

package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/paste-registry/paste-registry/sdk/go/balance"
)

const (
	snapshotFormat = 1
	// snapshotAgeMax is the age from which a snapshot on disk isn't used, snapshotAgeWarned that from which a warning says
	// that it is.
	snapshotAgeMax    = 24 * time.Hour
	snapshotAgeWarned = 10 * time.Minute
	snapshotPause     = time.Second
)

// savedCopy is the local copy on disk.
type savedCopy struct {
	Epoch    string                   `json:"epoch"`
	SavedAt  time.Time                `json:"saved_at"`
	Services map[string]*savedService `json:"services"`
	Configs  map[string]*savedConfig  `json:"configs"`
}

type savedService struct {
	Revision  uint64          `json:"revision"`
	Protected bool            `json:"protected"`
	Policy    json.RawMessage `json:"policy"`
	Instances []*Instance     `json:"instances"`
}

type savedConfig struct {
	Release uint64 `json:"release"`
	Format  string `json:"format"`
	Content string `json:"content"`
}

// savedHeader is the first line of the file: what the payload after it is, and its checksum.
type savedHeader struct {
	Format   int    `json:"format"`
	Checksum string `json:"checksum"`
}

func checksum(payload []byte) string { return fmt.Sprintf("%016x", balance.XXH64(payload)) }

// encodeSnapshot is the text of a snapshot.
func encodeSnapshot(saved *savedCopy) ([]byte, error) {
	payload, err := json.Marshal(saved)
	if err != nil {
		return nil, err
	}
	header, err := json.Marshal(savedHeader{snapshotFormat, checksum(payload)})
	if err != nil {
		return nil, err
	}
	return append(append(header, '\n'), payload...), nil
}

// decodeSnapshot reads the text of a snapshot; it refuses what is torn or of another format.
func decodeSnapshot(data []byte) (*savedCopy, error) {
	first, payload, _ := bytes.Cut(data, []byte{'\n'})
	var header savedHeader
	if err := json.Unmarshal(first, &header); err != nil {
		return nil, fmt.Errorf("its first line can't be read: %w", err)
	}
	if header.Format != snapshotFormat {
		return nil, fmt.Errorf("its format is %d, not %d", header.Format, snapshotFormat)
	}
	if header.Checksum != checksum(payload) {
		return nil, errors.New("its checksum doesn't fit; it is torn")
	}
	var saved savedCopy
	if err := json.Unmarshal(payload, &saved); err != nil {
		return nil, err
	}
	for name, service := range saved.Services {
		if service == nil {
			return nil, fmt.Errorf("service %s is empty", name)
		}
		if err := checkInstances(service.Instances); err != nil {
			return nil, err
		}
	}
	return &saved, nil
}

// age is how long ago the snapshot was written; never below 0, whatever the clock says.
func (s *savedCopy) age(now time.Time) time.Duration { return max(now.Sub(s.SavedAt), 0) }

func (s *savedCopy) service(name string) *view {
	if s == nil || s.Services[name] == nil {
		return nil
	}
	saved := s.Services[name]
	policy, err := policyOf(saved.Policy)
	if err != nil {
		// The instances are worth more than the policy, which comes with the stream.
		policy = nil
	}
	return &view{
		instances: inOrder(saved.Instances), revision: saved.Revision, protected: saved.Protected,
		policy: policy, policyText: saved.Policy,
	}
}

func (s *savedCopy) item(name string) *savedConfig {
	if s == nil {
		return nil
	}
	return s.Configs[name]
}

func (c *Config) snapshotPath() string { return filepath.Join(c.SnapshotFolder, c.Namespace+".json") }

// loadSnapshot reads the copy from disk; nil if there is none that may be used.
func (c *Client) loadSnapshot() *savedCopy {
	if c.config.SnapshotFolder == "" {
		return nil
	}
	path := c.config.snapshotPath()
	log := c.config.Logger.With("path", path)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var saved *savedCopy
	if err == nil {
		saved, err = decodeSnapshot(data)
	}
	if err != nil {
		log.Warn("registry: the snapshot on disk is passed over", "error", err)
		return nil
	}
	age := saved.age(time.Now())
	if age > snapshotAgeMax {
		log.Warn("registry: the snapshot on disk is passed over: it is too old", "age", age)
		return nil
	}
	if age > snapshotAgeWarned {
		log.Warn("registry: the snapshot on disk is old", "age", age)
	}
	c.tell(slog.LevelInfo, EventSnapshotLoaded, slog.Duration("age", age), slog.Int("services", len(saved.Services)))
	return saved
}

// toSave is the copy as it goes to disk. It is nil while something in it hasn't been told by the stream in this run, or is
// of another history than the rest: one epoch and one time of writing couldn't be true of both.
func (c *localCopy) toSave(now time.Time) *savedCopy {
	c.mu.Lock()
	defer c.mu.Unlock()
	saved := &savedCopy{
		Epoch: c.epoch, SavedAt: now.UTC(), Services: map[string]*savedService{}, Configs: map[string]*savedConfig{},
	}
	for name, service := range c.services {
		one, epoch := service.toSave()
		if one == nil {
			continue
		}
		if epoch == "" || len(saved.Services) > 0 && epoch != saved.Epoch {
			return nil
		}
		saved.Epoch, saved.Services[name] = epoch, one
	}
	for name, item := range c.items {
		one, told := item.toSave()
		if one == nil {
			continue
		}
		if !told {
			return nil
		}
		saved.Configs[name] = one
	}
	return saved
}

// toSave is the service as it goes to disk, nil if nothing is known, and the history that it is of: empty where the
// stream hasn't said all of it.
func (s *serviceCopy) toSave() (saved *savedService, epoch string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.view.Load()
	if v == nil {
		return nil, ""
	}
	instances := v.instances
	if instances == nil {
		instances = []*Instance{}
	}
	if s.told.Load() && !s.early && len(s.unconfirmed) == 0 {
		epoch = s.epoch
	}
	return &savedService{v.revision, v.protected, v.policyText, instances}, epoch
}

// toSave is the item as it goes to disk, nil if there is nothing to write of it, and whether the stream has told it.
func (i *configCopy) toSave() (saved *savedConfig, told bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.value == nil || i.value.Secret {
		return nil, i.told
	}
	return &savedConfig{i.value.Release, i.value.Format, i.value.Content}, i.told
}
