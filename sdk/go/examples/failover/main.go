// Command failover calls a service again and again, and goes on doing so while instances, or all of the registry, are
// away: the copy is in memory and on disk, failed calls are tried at another instance, and those that fail are left out.
//
//	go run ./examples/failover -service greeter -calls 100
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"time"

	registry "github.com/paste-registry/paste-registry/sdk/go"
)

func main() {
	service := flag.String("service", "greeter", "the service to call")
	calls := flag.Int("calls", 100, "how often")
	folder := flag.String("snapshots", filepath.Join(os.TempDir(), "registry-snapshots"), "where the copy is kept")
	flag.Parse()
	if err := run(context.Background(), *service, *calls, *folder); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, service string, calls int, folder string) error {
	client, err := registry.Connect(ctx, registry.Config{SnapshotFolder: folder})
	if err != nil {
		return err
	}
	defer client.Close()
	for range calls {
		answer, err := call(ctx, client.HTTP(), "http://"+service+"/")
		age, _ := client.Service(service).Age()
		if err != nil {
			fmt.Printf("failed (what is known is %v old): %v\n", age.Round(time.Second), err)
		} else {
			fmt.Printf("%s (what is known is %v old)\n", answer, age.Round(time.Second))
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil
}

func call(ctx context.Context, client *http.Client, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<10))
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", url, response.Status)
	}
	return string(answer), err
}
