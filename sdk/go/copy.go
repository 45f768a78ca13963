// All that this process knows of the registry.

package registry

import (
	"slices"
	"sync"
	"time"
)

// localCopy is all that this process knows of the registry.
type localCopy struct {
	mu       sync.Mutex
	services map[string]*serviceCopy
	items    map[string]*configCopy
	// saved is what was on disk at the start.
	saved *savedCopy
	epoch string
	// dirty says that there is something new to write to disk.
	dirty chan struct{}
}

func newLocalCopy(saved *savedCopy) *localCopy {
	c := &localCopy{
		services: map[string]*serviceCopy{}, items: map[string]*configCopy{}, saved: saved, dirty: make(chan struct{}, 1),
	}
	if saved != nil {
		c.epoch = saved.Epoch
	}
	return c
}

// service is the copy of a service; nil if it isn't watched.
func (c *localCopy) service(name string) *serviceCopy {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.services[name]
}

// item is the copy of a configuration item; nil if it isn't watched.
func (c *localCopy) item(name string) *configCopy {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.items[name]
}

// addService begins the copy of a service with what was on disk. It reports false if there is one already.
func (c *localCopy) addService(name string, now func() time.Duration) (*serviceCopy, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.services[name]; known != nil {
		return known, false
	}
	added := newServiceCopy(name, now)
	if saved := c.saved.service(name); saved != nil {
		added.load(saved, c.saved.Epoch)
	}
	c.services[name] = added
	return added, true
}

// addItem begins the copy of a configuration item with what was on disk. It reports false if there is one already.
func (c *localCopy) addItem(group, key string) (*configCopy, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	name := group + "/" + key
	if known := c.items[name]; known != nil {
		return known, false
	}
	added := newConfigCopy(group, key)
	if saved := c.saved.item(name); saved != nil {
		added.load(saved)
	}
	c.items[name] = added
	return added, true
}

func (c *localCopy) allServices() []*serviceCopy {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]*serviceCopy, 0, len(c.services))
	for _, one := range c.services {
		all = append(all, one)
	}
	return all
}

// servicesOf are those that a stream feeds.
func (c *localCopy) servicesOf(stream *stream) []*serviceCopy {
	return slices.DeleteFunc(c.allServices(), func(one *serviceCopy) bool { return one.stream.Load() != stream })
}

// reset makes the next snapshots of a stream's services ones of another history.
func (c *localCopy) reset(of *stream, epoch string) {
	for _, service := range c.servicesOf(of) {
		service.forgetHistory()
	}
	c.setEpoch(epoch)
}

// listenAgain says that a stream opens of which no connection was open.
func (c *localCopy) listenAgain(to *stream) {
	for _, service := range c.servicesOf(to) {
		service.listenAgain()
	}
}

func (c *localCopy) setEpoch(epoch string) {
	c.mu.Lock()
	c.epoch = epoch
	c.mu.Unlock()
	c.changed()
}

func (c *localCopy) changed() { nudge(c.dirty) }

// expire drops what nobody has confirmed in time. Where no stream is open nothing is dropped.
func (c *localCopy) expire() {
	for _, service := range c.allServices() {
		if stream := service.stream.Load(); stream != nil && stream.isOpen() && service.expire() {
			c.changed()
		}
	}
}
