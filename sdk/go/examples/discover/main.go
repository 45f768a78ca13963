// Command discover prints the instances of a service, the one that would be chosen, and why.
//
//	go run ./examples/discover -service greeter -range ^1.4
package main

import (
	"context"
	"flag"
	"fmt"
	"log"

	registry "github.com/paste-registry/paste-registry/sdk/go"
)

func main() {
	service := flag.String("service", "greeter", "the service to look for")
	versions := flag.String("range", "", "a version range such as ^1.4; empty: any version")
	flag.Parse()
	if err := run(context.Background(), *service, *versions); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, name, versions string) error {
	client, err := registry.Connect(ctx, registry.Config{})
	if err != nil {
		return err
	}
	defer client.Close()
	service := client.Service(name)
	instances, err := service.Instances(ctx)
	if err != nil {
		return err
	}
	for _, one := range instances {
		fmt.Printf("%s at %s, version %s, %s, %s\n", one.ID, one.HostPort(), one.Version, one.Status, one.Health)
	}
	trace, err := service.Explain(ctx, registry.Query{Version: versions})
	if err != nil {
		return err
	}
	fmt.Printf("%s chose %s among %d\n", trace.Balancer, trace.Chosen, len(trace.Candidates))
	return nil
}
