// Package registry is the Go SDK of paste.registry: it registers a process, finds the instances of other services, and
// chooses among them.
//
// A [Client] keeps a copy of the services it is asked for, fed by one stream, so that choosing answers from memory and
// goes on while the registry is away. It sends one heartbeat for the process, whatever it registered.
//
//	client, err := registry.Connect(ctx, registry.Config{})
//	client.Register(ctx, registry.Registration{Service: "shop", Port: 8080})
//	response, err := client.HTTP().Get("http://orders/path")
//
// Cancelling the context that [Connect] got, or calling [Client.Close], drains, deregisters and stops the client.
// Nothing is left behind: no goroutine, no connection.
//
// How instances are chosen is defined by the policy of their service, and is the same in every SDK; see package
// balance. Failures of the registry are never failures of a call: they are retried, and told by [Config.OnEvent] and
// the logger.
package registry
