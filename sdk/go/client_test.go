package registry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/paste-registry/paste-registry/sdk/go/internal/registrytest"
)

// events are those of a client, for tests.
type events struct {
	mu  sync.Mutex
	all []Event
}

func (e *events) note(event Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, event)
}

func (e *events) count(name string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for _, event := range e.all {
		if event.Name == name {
			n++
		}
	}
	return n
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// connect makes a client that ends with the test.
func connect(t testing.TB, config Config) (*Client, *events) {
	t.Helper()
	var told events
	config.Logger, config.DrainDelay = quiet, -1
	if config.OnEvent == nil {
		config.OnEvent = told.note
	}
	client, err := Connect(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client, &told
}

func limited(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), registrytest.Limit)
	t.Cleanup(cancel)
	return ctx
}

func ids(instances []*Instance) string {
	var all []string
	for _, one := range instances {
		all = append(all, one.ID)
	}
	return strings.Join(all, " ")
}

// shows waits until a service has just these instances.
func shows(t testing.TB, service *Service, want string) {
	t.Helper()
	registrytest.Eventually(t, service.Name()+" shows "+want, func() bool {
		instances, err := service.Instances(context.Background())
		return err == nil && ids(instances) == want
	})
}

func TestThreeLinesToRegisterAndOneToCall(t *testing.T) {
	registry := registrytest.Start(t)
	server := httptest.NewServer(nil)
	defer server.Close()
	target, _ := url.Parse(server.URL)
	port, _ := strconv.Atoi(target.Port())

	offering, told := connect(t, Config{URLs: []string{registry.URL}})
	server.Config.Handler = offering.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Host, r.URL.Path)
	}))
	instance, err := offering.Register(limited(t), Registration{Service: "orders", Port: port})
	if err != nil {
		t.Fatal(err)
	}
	if err := instance.Wait(limited(t)); err != nil {
		t.Fatal(err)
	}

	calling, _ := connect(t, Config{URLs: []string{registry.URL}})
	response, err := calling.HTTP().Get("http://orders/path")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	if want := fmt.Sprintf("127.0.0.1:%d/path", port); string(body) != want {
		t.Errorf("the instance was asked for %q, expected %q", body, want)
	}
	if age, known := calling.Service("orders").Age(); !known || age != 0 {
		t.Errorf("age %v, known %v", age, known)
	}
	if err := offering.Close(); err != nil {
		t.Error(err)
	}
	shows(t, calling.Service("orders"), "")
	for _, name := range []string{EventRegistered, EventDeregistered} {
		if told.count(name) != 1 {
			t.Errorf("%s was told %d times", name, told.count(name))
		}
	}
	if _, err := calling.HTTP().Get("http://orders/path"); !strings.Contains(fmt.Sprint(err), "no instances") {
		t.Errorf("a call of nobody: %v", err)
	}
}

// serveFunc is the URL of a server that ends with the test.
func serveFunc(t testing.TB, handler http.HandlerFunc) string {
	server := httptest.NewServer(handler)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}
