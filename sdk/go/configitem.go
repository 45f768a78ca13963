// Following a configuration item: its value, and callbacks with their acknowledgement.

package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ConfigItem follows one configuration item. It is safe for concurrent use.
type ConfigItem struct {
	client *Client
	copy   *configCopy
	stream *stream
	wait   *firstWait
	err    error
}

// Config follows the item with a name such as shop/app.yaml: its group and its key. It returns at once; an invalid name
// is told by the methods of the item.
func (c *Client) Config(name string) *ConfigItem {
	group, key, ok := strings.Cut(name, "/")
	if !ok || !nameForm.MatchString(group) || !nameForm.MatchString(key) {
		return &ConfigItem{client: c, err: &InvalidNameError{What: "configuration item (group/key)", Name: name}}
	}
	c.subscribing.Lock()
	defer c.subscribing.Unlock()
	if known := c.itemsByName[name]; known != nil {
		return known
	}
	if len(c.itemsByName) >= subscribedMax {
		return &ConfigItem{client: c, err: errTooMany}
	}
	item := &ConfigItem{client: c, wait: c.newWait()}
	item.copy, _ = c.copy.addItem(group, key)
	item.stream = c.streams.watch(c, "", name)
	c.itemsByName[name] = item
	c.start(item.deliver)
	return item
}

// Value is the release that holds. It waits for the first at most the request time-out from the first use. Its error is
// [ErrNoConfig] where the registry has no such item, or a [*NotKnownError].
func (i *ConfigItem) Value(ctx context.Context) (ConfigValue, error) {
	if err := i.Wait(ctx); err != nil {
		return ConfigValue{}, err
	}
	value, _ := i.copy.get()
	if value == nil {
		return ConfigValue{}, fmt.Errorf("%s: %w", i.copy.name(), ErrNoConfig)
	}
	return *value, nil
}

// Wait waits until the registry or the disk has told something of the item, at most the request time-out from the first
// use on.
func (i *ConfigItem) Wait(ctx context.Context) error {
	if i.err != nil {
		return i.err
	}
	return i.client.await(ctx, i.copy.known, i.wait, i.copy.name(), func() error {
		i.copy.mu.Lock()
		defer i.copy.mu.Unlock()
		return orElse(i.copy.trouble, i.stream.reason())
	})
}

// OnChange calls back with the release that holds, if one is known, and then with each that comes: one at a time, nil
// when there is none any more. When all callbacks of the item have returned, the release is acknowledged; with the first
// error, or panic, if there was one. stop ends the callbacks, and may be called from one.
func (i *ConfigItem) OnChange(callback func(*ConfigValue) error) (stop func()) {
	if i.err != nil {
		return func() {}
	}
	one := &configCallback{call: callback}
	i.copy.mu.Lock()
	i.copy.callbacks = append(i.copy.callbacks, one)
	i.copy.watchers.wake()
	i.copy.mu.Unlock()
	return func() {
		i.copy.mu.Lock()
		defer i.copy.mu.Unlock()
		i.copy.callbacks = slices.DeleteFunc(i.copy.callbacks, func(other *configCallback) bool { return other == one })
	}
}

// deliver calls the callbacks until the client ends.
func (i *ConfigItem) deliver() {
	call := i.copy.watchers.add()
	defer i.copy.watchers.remove(call)
	nudge(call)
	for {
		select {
		case <-i.client.ctx.Done():
			return
		case <-call:
		}
		value, due := i.copy.due()
		var failed error
		for _, callback := range due {
			failed = errors.Join(failed, i.call(callback, value))
		}
		if len(due) == 0 {
			continue
		}
		i.copy.mu.Lock()
		i.copy.answered, i.copy.answer = value, failed
		i.copy.mu.Unlock()
		if value != nil {
			i.client.acks.add(i.copy.group, i.copy.key, value.Release, failed)
		}
	}
}

func (i *ConfigItem) call(callback *configCallback, value *ConfigValue) (err error) {
	defer func() {
		if caught := recover(); caught != nil {
			err = fmt.Errorf("the callback panicked: %v", caught)
		}
		if err != nil {
			i.client.config.Logger.Warn("registry: a release could not be applied", "config", i.copy.name(), "error", err)
		}
	}()
	if value != nil {
		own := *value
		value = &own
	}
	return callback.call(value)
}
