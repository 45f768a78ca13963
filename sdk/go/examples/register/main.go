// Command register offers an HTTP service until it is interrupted: it drains, deregisters, and then ends.
//
//	go run ./examples/register -service greeter -port 8080 -version 1.4.2
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	registry "github.com/paste-registry/paste-registry/sdk/go"
)

func main() {
	service := flag.String("service", "greeter", "the service to offer")
	port := flag.Int("port", 0, "the port to listen on; 0 takes a free one")
	version := flag.String("version", "1.0.0", "the version of this code")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *service, *port, *version); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, service string, port int, version string) error {
	client, err := registry.Connect(ctx, registry.Config{})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
	if err != nil {
		return err
	}
	port = listener.Addr().(*net.TCPAddr).Port
	server := &http.Server{Handler: client.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s at port %d\n", service, version, port)
	}))}
	go func() {
		// Requests are served until the registry has told everybody that this instance is gone.
		<-client.Done()
		_ = server.Shutdown(context.Background())
	}()
	if _, err := client.Register(ctx, registry.Registration{Service: service, Port: port, Version: version}); err != nil {
		return err
	}
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
