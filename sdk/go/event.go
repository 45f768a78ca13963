// What happens in a client, told to the logger and the hook.

package registry

import (
	"context"
	"log/slog"
)

// Events that [Config.OnEvent] is called with.
const (
	EventRegistered     = "registered"
	EventDeregistered   = "deregistered"
	EventConnected      = "connected"
	EventDisconnected   = "disconnected"
	EventRetrying       = "retrying"
	EventSnapshotLoaded = "snapshot-loaded"
	EventReset          = "reset"
	EventEjected        = "ejected"
	EventPicked         = "picked"
	EventCalled         = "called"
)

// Event is something that happened in a client.
type Event struct {
	Name string
	// Fields say more, such as service and instance.
	Fields []slog.Attr
}

// tell logs an event and hands it to the hook.
func (c *Client) tell(level slog.Level, name string, fields ...slog.Attr) {
	c.config.Logger.LogAttrs(context.Background(), level, "registry: "+name, fields...)
	c.hook(name, fields...)
}

// hook hands an event to the hook alone; for what happens with every call.
func (c *Client) hook(name string, fields ...slog.Attr) {
	if c.config.OnEvent == nil {
		return
	}
	defer func() {
		if caught := recover(); caught != nil {
			c.config.Logger.Error("registry: OnEvent panicked", "event", name, "panic", caught)
		}
	}()
	c.config.OnEvent(Event{Name: name, Fields: fields})
}
