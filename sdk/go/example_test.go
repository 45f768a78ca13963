package registry_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"time"

	registry "github.com/paste-registry/paste-registry/sdk/go"
)

// The examples speak to the registry at PASTE_REGISTRY_URL.
func quietly() registry.Config {
	return registry.Config{Logger: slog.New(slog.NewTextHandler(nowhere{}, nil)), DrainDelay: -1}
}

type nowhere struct{}

func (nowhere) Write(text []byte) (int, error) { return len(text), nil }

func ExampleConnect() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	client, err := registry.Connect(ctx, quietly())
	if err != nil {
		fmt.Println(err)
		return
	}
	cancel() // Drains, deregisters, stops.
	<-client.Done()
	fmt.Println("closed")
	// Output: closed
}

func ExampleClient_Register() {
	ctx := context.Background()
	client, _ := registry.Connect(ctx, quietly())
	defer client.Close()
	registered, err := client.Register(ctx, registry.Registration{Service: "registering", ID: "one", Port: 8080, Version: "1.4.2"})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := registered.Wait(ctx); err != nil {
		fmt.Println(err) // It was refused for good.
		return
	}
	fmt.Println(registered.Service(), registered.ID())
	// Output: registering one
}

func ExampleService_Choose() {
	ctx := context.Background()
	client, _ := registry.Connect(ctx, quietly())
	defer client.Close()
	registered, _ := client.Register(ctx, registry.Registration{Service: "choosing", ID: "one", Port: 8080, Version: "1.4.2"})
	_ = registered.Wait(ctx)

	service := client.Service("choosing")
	pick, err := service.Choose(ctx, registry.Query{Version: "^1.4"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pick.Drop() // In case of a panic.
	begun := time.Now()
	// … call pick.Instance.HostPort() …
	pick.Done(registry.Success, time.Since(begun))
	fmt.Println(pick.Instance.ID)

	_, err = service.Choose(ctx, registry.Query{Version: "^2"})
	var none *registry.NoInstanceError
	fmt.Println(errors.As(err, &none), err)
	// Output:
	// one
	// true no instance can be chosen: none match
}

func ExampleClient_HTTP() {
	ctx := context.Background()
	client, _ := registry.Connect(ctx, quietly())
	defer client.Close()
	server := httptest.NewServer(client.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
	})))
	defer server.Close()
	address, _ := url.Parse(server.URL)
	port, _ := strconv.Atoi(address.Port())
	registered, _ := client.Register(ctx, registry.Registration{Service: "calling", Port: port})
	_ = registered.Wait(ctx)

	response, err := client.HTTP().Get("http://calling/pot")
	if err != nil {
		fmt.Println(err)
		return
	}
	response.Body.Close()
	fmt.Println(response.Status)
	// Output: 418 I'm a teapot
}

func ExampleClient_Config() {
	ctx := context.Background()
	client, _ := registry.Connect(ctx, quietly())
	defer client.Close()
	item := client.Config("shop/app.yaml")
	value, err := item.Value(ctx)
	if errors.Is(err, registry.ErrNoConfig) {
		fmt.Println("the defaults hold")
	} else {
		fmt.Println(value.Content, err)
	}
	stop := item.OnChange(func(value *registry.ConfigValue) error {
		// Apply it. An error is acknowledged as one.
		return nil
	})
	defer stop()
	// Output: the defaults hold
}
