// Command watch prints the changes of a service and of a configuration item until it is interrupted.
//
//	go run ./examples/watch -service greeter -config shop/app.yaml
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"

	registry "github.com/paste-registry/paste-registry/sdk/go"
)

func main() {
	service := flag.String("service", "greeter", "the service to watch")
	config := flag.String("config", "shop/app.yaml", "the configuration item to watch")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	client, err := registry.Connect(ctx, registry.Config{})
	if err != nil {
		log.Fatal(err)
	}
	client.Service(*service).OnChange(func(instances []*registry.Instance) {
		fmt.Printf("%s has %d instances\n", *service, len(instances))
	})
	client.Config(*config).OnChange(func(value *registry.ConfigValue) error {
		if value == nil {
			fmt.Printf("%s isn't there\n", *config)
			return nil
		}
		// An error that is returned here is what the registry shows of this process and the release.
		fmt.Printf("%s is at release %d: %d bytes\n", *config, value.Release, len(value.Content))
		return nil
	})
	<-client.Done()
}
