// Counting what a gRPC server serves.

package grpcregistry

import (
	"context"

	registry "github.com/paste-registry/paste-registry/sdk/go"
	"google.golang.org/grpc"
)

// UnaryServing counts the calls that a server answers, for the heartbeats of client.
func UnaryServing(client *registry.Client) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (answer any, err error) {
		finished, failed := client.Serving(), true
		defer func() { finished(failed) }()
		answer, err = next(ctx, request)
		failed = outcome(err) != registry.Success
		return answer, err
	}
}

// StreamServing counts the streams that a server answers, for the heartbeats of client.
func StreamServing(client *registry.Client) grpc.StreamServerInterceptor {
	return func(server any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
		finished, failed := client.Serving(), true
		defer func() { finished(failed) }()
		err := next(server, stream)
		failed = outcome(err) != registry.Success
		return err
	}
}
