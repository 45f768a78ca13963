// How the events of a stream change the local copy.

package registry

import (
	"fmt"
	"log/slog"
	"strings"
)

// apply brings an event into the copy.
func (c *connection) apply(event sseEvent) error {
	var err error
	switch event.name {
	case "snapshot":
		err = c.snapshot(event.data)
	case "delta":
		err = c.delta(event.data)
	case "config":
		err = c.config(event.data)
	case "reset":
		err = c.reset(event.data)
	}
	if err != nil || event.id == "" {
		return err
	}
	c.at(event.id)
	return nil
}

func (c *connection) snapshot(data []byte) error {
	var event snapshotEvent
	if err := decodeEvent("snapshot", data, &event); err != nil {
		return err
	}
	if err := event.check(); err != nil {
		return err
	}
	service := c.stream.client.copy.service(event.Service)
	if service == nil {
		return nil
	}
	if c.epoch == "" {
		c.early = append(c.early, service)
	}
	err := service.snapshot(&event, c.epoch)
	c.stream.client.copy.changed()
	return err
}

func (c *connection) delta(data []byte) error {
	var event deltaEvent
	if err := decodeEvent("delta", data, &event); err != nil {
		return err
	}
	if err := event.check(); err != nil {
		return err
	}
	service := c.stream.client.copy.service(event.Service)
	if service == nil {
		return nil
	}
	known, err := service.delta(&event)
	if err == nil && !known {
		err = fmt.Errorf("a delta event came before the snapshot of %s", event.Service)
	}
	c.stream.client.copy.changed()
	return err
}

func (c *connection) reset(data []byte) error {
	var event struct{ Epoch string }
	if err := decodeEvent("reset", data, &event); err != nil {
		return err
	}
	if event.Epoch == "" {
		return fmt.Errorf("a reset event lacks its epoch")
	}
	client := c.stream.client
	client.copy.reset(c.stream, event.Epoch)
	c.epoch, c.early = event.Epoch, nil
	client.tell(slog.LevelWarn, EventReset, slog.String("epoch", event.Epoch))
	return nil
}

// at notes how far the stream has come, and of which history it tells.
func (c *connection) at(id string) {
	s := c.stream
	s.mu.Lock()
	s.lastID = id
	s.mu.Unlock()
	s.client.copy.changed()
	epoch, _, _ := strings.Cut(id, "-")
	if epoch == c.epoch {
		return
	}
	for _, service := range c.early {
		service.settle(epoch)
	}
	c.epoch, c.early = epoch, nil
	s.client.copy.setEpoch(epoch)
}

// config brings a config event into the copy.
func (c *connection) config(data []byte) error {
	var event configEvent
	if err := decodeEvent("config", data, &event); err != nil {
		return err
	}
	if event.Group == "" || event.Key == "" || event.Release == nil {
		return fmt.Errorf("a config event lacks its group, key or release")
	}
	client := c.stream.client
	item := client.copy.item(event.Group + "/" + event.Key)
	if item == nil {
		return nil
	}
	if release, failed, acknowledge := item.apply(&event); acknowledge {
		client.acks.add(event.Group, event.Key, release, failed)
	}
	client.copy.changed()
	return nil
}
