package grpcregistry_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	registry "github.com/paste-registry/paste-registry/sdk/go"
	"github.com/paste-registry/paste-registry/sdk/go/grpcregistry"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

func ExampleWith() {
	client, err := registry.Connect(context.Background(), registry.Config{
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	connection, err := grpc.NewClient("registry:///orders",
		grpcregistry.With(client), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer connection.Close()
	fmt.Println(connection.Target())
	// Output: registry:///orders
}
