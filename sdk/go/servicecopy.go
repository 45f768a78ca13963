// The local copy of one service, which is never wrongly empty.

package registry

import (
	"encoding/json"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/paste-registry/paste-registry/sdk/go/balance"
)

// unconfirmedAge is how long instances of another history are kept while nobody confirms them.
const unconfirmedAge = 60 * time.Second

// view is what is known of a service at one moment. It never changes.
type view struct {
	instances  []*Instance // in id order
	revision   uint64
	protected  bool
	policy     *balance.Policy
	policyText json.RawMessage
}

// serviceCopy is the local copy of one service. Reading takes no lock.
type serviceCopy struct {
	name  string
	table *balance.Table
	now   func() time.Duration
	// known is closed when something is known for the first time.
	known chan struct{}
	view  atomic.Pointer[view]
	// stream is the one that feeds it; told says that it has, so that what is shown isn't from disk any more.
	stream atomic.Pointer[stream]
	told   atomic.Bool
	// mu guards what follows, and the replacing of view and table.
	mu sync.Mutex
	// epoch is the history that view is of; empty while that isn't known.
	epoch string
	// unconfirmed is until when instances are kept that the history that holds hasn't shown.
	unconfirmed map[string]time.Duration
	// doubtful are those of them that go at once if the history turns out to be the known one.
	doubtful map[string]bool
	// early says that view is of a history that the stream hasn't told yet.
	early    bool
	watchers watchers
}

func newServiceCopy(name string, now func() time.Duration) *serviceCopy {
	return &serviceCopy{name: name, table: balance.NewTable(), now: now, known: make(chan struct{})}
}

// load takes what was on disk, if nothing is known yet.
func (s *serviceCopy) load(v *view, epoch string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.view.Load() != nil {
		return false
	}
	s.epoch = epoch
	s.show(v)
	return true
}

// snapshot takes all of the service. epoch is the history of the stream, empty while it hasn't said.
func (s *serviceCopy) snapshot(event *snapshotEvent, epoch string) error {
	policy, err := policyOf(event.Policy)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.view.Load()
	sameHistory := before != nil && epoch != "" && epoch == s.epoch
	if sameHistory && *event.Revision < before.revision {
		return nil // Of a node, or a stream, that lags.
	}
	next := &view{
		instances: inOrder(*event.Instances), revision: *event.Revision, protected: event.Protected,
		policy: policy, policyText: event.Policy,
	}
	s.confirm(next.instances)
	if before != nil {
		next.instances = s.keep(before, next.instances, sameHistory, epoch == "")
	}
	if epoch != "" {
		s.epoch = epoch
	}
	s.early = epoch == ""
	s.told.Store(true)
	s.show(next)
	return nil
}

// keep adds the instances that the snapshot lacks and that nobody has said are gone.
func (s *serviceCopy) keep(before *view, shown []*Instance, sameHistory, doubtful bool) []*Instance {
	result := slices.Clone(shown)
	for _, instance := range before.instances {
		if _, there := find(shown, instance.ID); there {
			continue
		}
		if _, waiting := s.unconfirmed[instance.ID]; !waiting {
			if sameHistory {
				continue
			}
			if s.unconfirmed == nil {
				s.unconfirmed, s.doubtful = map[string]time.Duration{}, map[string]bool{}
			}
			s.unconfirmed[instance.ID] = s.now() + unconfirmedAge
			if doubtful {
				s.doubtful[instance.ID] = true
			}
		}
		result = append(result, instance)
	}
	return inOrder(result)
}

func (s *serviceCopy) confirm(instances []*Instance) {
	for _, instance := range instances {
		delete(s.unconfirmed, instance.ID)
		delete(s.doubtful, instance.ID)
	}
}

// settle says of which history the snapshots were that came before the stream said so. If it is the one that was known
// before, what they lacked is gone.
func (s *serviceCopy) settle(epoch string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	gone := s.doubtful
	s.doubtful = map[string]bool{}
	if s.epoch == epoch && len(gone) > 0 {
		s.drop(func(id string) bool { return gone[id] })
	}
	s.epoch, s.early = epoch, false
}

// forgetHistory makes the next snapshot one of another history.
func (s *serviceCopy) forgetHistory() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epoch = ""
}

// delta takes a change. It reports false if there is nothing that it could change.
func (s *serviceCopy) delta(event *deltaEvent) (bool, error) {
	policy, err := policyOf(event.Policy)
	if err != nil {
		return true, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.view.Load()
	if before == nil {
		return false, nil
	}
	if *event.Revision < before.revision {
		return true, nil
	}
	next := *before
	next.revision, next.protected = *event.Revision, event.Protected
	if len(event.Policy) > 0 {
		next.policy, next.policyText = policy, event.Policy
	}
	s.confirm(event.Upserted)
	gone := map[string]bool{}
	for _, id := range event.Removed {
		gone[id] = true
		delete(s.unconfirmed, id)
		delete(s.doubtful, id)
	}
	next.instances = merge(before.instances, inOrder(event.Upserted), gone)
	s.told.Store(true)
	s.show(&next)
	return true, nil
}

// listenAgain gives what waits to be confirmed its time anew, as nobody could have spoken of it while no stream was open.
func (s *serviceCopy) listenAgain() {
	s.mu.Lock()
	defer s.mu.Unlock()
	until := s.now() + unconfirmedAge
	for id := range s.unconfirmed {
		s.unconfirmed[id] = until
	}
}

// expire drops what nobody has confirmed in time. It reports whether there was any.
func (s *serviceCopy) expire() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	return s.drop(func(id string) bool {
		until, waiting := s.unconfirmed[id]
		return waiting && until <= now
	})
}

// drop drops the unconfirmed ones that are gone, and reports whether there were any. The mutex is held.
func (s *serviceCopy) drop(gone func(id string) bool) bool {
	before := s.view.Load()
	if before == nil || len(s.unconfirmed) == 0 {
		return false
	}
	next := *before
	next.instances = nil
	for _, instance := range before.instances {
		if !gone(instance.ID) {
			next.instances = append(next.instances, instance)
			continue
		}
		delete(s.unconfirmed, instance.ID)
	}
	if len(next.instances) == len(before.instances) {
		return false
	}
	s.show(&next)
	return true
}

// show puts a view in place, and wakes who waits for it. The mutex is held.
func (s *serviceCopy) show(v *view) {
	first := s.view.Load() == nil
	s.table.Update(v.instances, v.protected, v.policy, int64(s.now()))
	s.view.Store(v)
	if first {
		close(s.known)
	}
	s.watchers.wake()
}
