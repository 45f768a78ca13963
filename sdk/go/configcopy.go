// The local copy of one configuration item.

package registry

import (
	"fmt"
	"sync"
)

// ConfigValue is a release of a configuration item.
type ConfigValue struct {
	// Release is its number.
	Release uint64
	// Format is how the content is read: text, json, yaml, toml or properties.
	Format  string
	Content string
	// Secret says that it must not be shown; it isn't written to disk.
	Secret bool
}

// configCopy is the local copy of one configuration item.
type configCopy struct {
	group, key string
	// known is closed when something is known for the first time.
	known    chan struct{}
	watchers watchers

	mu      sync.Mutex
	isKnown bool
	// told says that the stream has told what is known, so that it isn't from disk any more.
	told bool
	// value is nil where there is no such item.
	value     *ConfigValue
	callbacks []*configCallback
	// answered is the release that the callbacks have seen last, and what they said.
	answered *ConfigValue
	answer   error
	// trouble is what kept the registry from telling.
	trouble error
}

// configCallback is a callback, and what it was called with last.
type configCallback struct {
	call func(*ConfigValue) error
	seen *ConfigValue
	ever bool
}

func newConfigCopy(group, key string) *configCopy {
	return &configCopy{group: group, key: key, known: make(chan struct{})}
}

func (i *configCopy) name() string { return i.group + "/" + i.key }

func (i *configCopy) get() (value *ConfigValue, known bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.value, i.isKnown
}

// load takes what was on disk.
func (i *configCopy) load(saved *savedConfig) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.show(&ConfigValue{Release: saved.Release, Format: saved.Format, Content: saved.Content})
}

// apply takes an event. It returns the release to acknowledge now, if any, and with which error.
func (i *configCopy) apply(event *configEvent) (release uint64, failed error, acknowledge bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case event.Error != "":
		i.trouble = fmt.Errorf("the registry can't read it: %s", event.Error)
		return 0, nil, false
	case event.Removed || event.Content == nil:
		i.told = true
		i.show(nil)
		return 0, nil, false
	}
	i.told = true
	next := &ConfigValue{Release: *event.Release, Format: event.Format, Content: *event.Content, Secret: event.Secret}
	if i.value == nil || *i.value != *next {
		i.show(next)
	}
	switch {
	case len(i.callbacks) == 0:
		return next.Release, nil, true
	case i.answered == i.value:
		// It came again, as it does when a stream begins: what was said of it holds.
		return next.Release, i.answer, true
	}
	return 0, nil, false
}

// show puts a value in place. The mutex is held.
func (i *configCopy) show(value *ConfigValue) {
	i.value, i.trouble = value, nil
	if !i.isKnown {
		i.isKnown = true
		close(i.known)
	}
	i.watchers.wake()
}

// due is the callbacks that haven't seen the value that holds.
func (i *configCopy) due() (value *ConfigValue, due []*configCallback) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.isKnown {
		return nil, nil
	}
	for _, callback := range i.callbacks {
		if !callback.ever || callback.seen != i.value {
			callback.seen, callback.ever = i.value, true
			due = append(due, callback)
		}
	}
	return i.value, due
}
