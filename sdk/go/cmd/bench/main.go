// Command bench measures this SDK against the language's own means, and prints one JSON object a line. It is no test:
// the numbers are those of the machine, and want an idle one.
//
//	PASTE_REGISTRY_BIN=… go run ./cmd/bench
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"time"

	registry "github.com/paste-registry/paste-registry/sdk/go"
	"github.com/paste-registry/paste-registry/sdk/go/internal/registrytest"
)

// result is one measured number.
type result struct {
	Language string `json:"language"`
	Name     string `json:"name"`
	// Value is in Unit; Reference, where there is one, is what the language's own means reached in the same run.
	Value     float64 `json:"value"`
	Unit      string  `json:"unit"`
	Reference float64 `json:"reference,omitempty"`
	Against   string  `json:"against,omitempty"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	folder, err := os.MkdirTemp("", "registry-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	server, err := registrytest.Launch(folder)
	if err != nil {
		return err
	}
	defer server.Kill()
	lines := json.NewEncoder(os.Stdout)
	for _, measure := range []func(*bench) ([]result, error){picks, memory, changes, calls} {
		b, err := newBench(server)
		if err != nil {
			return err
		}
		results, err := measure(b)
		b.client.Close()
		if err != nil {
			return err
		}
		for _, one := range results {
			one.Language = "go"
			if err := lines.Encode(one); err != nil {
				return err
			}
		}
	}
	return nil
}

// bench is a client of a registry, and the means to fill that.
type bench struct {
	server *registrytest.Server
	client *registry.Client
}

func newBench(server *registrytest.Server) (*bench, error) {
	client, err := registry.Connect(context.Background(), registry.Config{
		URLs: []string{server.URL}, DrainDelay: -1, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	return &bench{server: server, client: client}, err
}

// until waits until the copy of a service has n instances.
func (b *bench) until(service string, n int) error {
	for end := time.Now().Add(registrytest.Limit); ; time.Sleep(time.Millisecond) {
		instances, err := b.client.Service(service).Instances(context.Background())
		if err == nil && len(instances) == n {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("%s has %d instances, not %d: %v", service, len(instances), n, err)
		}
	}
}

func median[T float64 | time.Duration](all []T) T { return quantile(all, 0.5) }

func quantile[T float64 | time.Duration](all []T, q float64) T {
	sorted := slices.Clone(all)
	slices.Sort(sorted)
	return sorted[int(q*float64(len(sorted)-1))]
}
