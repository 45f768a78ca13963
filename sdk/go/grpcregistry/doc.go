// Package grpcregistry lets gRPC clients call services of paste.registry by name:
//
//	connection, err := grpc.NewClient("registry:///orders", grpcregistry.With(client), …)
//
// The resolver follows the service's instances in the client's copy; the balancer lets the SDK choose one for each call,
// by the service's policy, and reports how the call ended. What [registry.WithQuery] says of a call's context, and its
// outgoing metadata, are heeded.
package grpcregistry
