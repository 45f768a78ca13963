package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/paste-registry/paste-registry/sdk/go/internal/registrytest"
)

// ownGoroutines are the stacks of goroutines of this package or of its connections, but that of the test.
func ownGoroutines() []string {
	stacks := make([]byte, 4<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	var own []string
	for _, stack := range strings.Split(string(stacks), "\n\n")[1:] {
		if strings.Contains(stack, "sdk/go.") && !strings.Contains(stack, "testing.tRunner(") || strings.Contains(stack, "http.(*persistConn)") {
			own = append(own, stack)
		}
	}
	return own
}

func TestNothingIsLeftBehind(t *testing.T) {
	http.DefaultClient.CloseIdleConnections()
	registrytest.Eventually(t, "earlier tests have ended", func() bool { return len(ownGoroutines()) == 0 })
	before := runtime.NumGoroutine()
	server := registrytest.Start(t)
	for _, url := range []string{server.URL, nowhere} {
		ctx, cancel := context.WithCancel(context.Background())
		client, err := Connect(ctx, Config{
			URLs: []string{url}, Logger: quiet, DrainDelay: -1, Heartbeat: time.Millisecond, RequestTimeout: time.Second,
			SnapshotFolder: t.TempDir(),
		})
		if err != nil {
			t.Fatal(err)
		}
		registered := offer(t, client, "orders", "a")
		orders, item := client.Service("orders"), client.Config("g/k")
		orders.OnChange(func([]*Instance) {})
		item.OnChange(func(*ConfigValue) error { return nil })
		if url == server.URL {
			if err := registered.Wait(limited(t)); err != nil {
				t.Fatal(err)
			}
			shows(t, orders, "a")
		}
		_, _ = client.HTTP().Get("http://orders/")
		cancel()
		<-client.Done()
		registrytest.Eventually(t, "all goroutines end", func() bool { return len(ownGoroutines()) == 0 })
	}
	server.Kill()
	registrytest.Eventually(t, "as many goroutines run as before", func() bool { return runtime.NumGoroutine() <= before })
}

func TestHooksThatPanicAreLogged(t *testing.T) {
	server := registrytest.Start(t)
	server.Put(t, "/services/orders/instances/a", `{"address":"10.0.0.1","port":80}`)
	var told events
	client, _ := connect(t, Config{URLs: []string{server.URL}, OnEvent: func(event Event) {
		told.note(event)
		panic("!")
	}})
	orders := client.Service("orders")
	orders.OnChange(func([]*Instance) { panic("!") })
	if err := orders.Wait(limited(t)); err != nil {
		t.Fatal(err)
	}
	pick, err := orders.Choose(context.Background(), Query{})
	if err != nil {
		t.Fatal(err)
	}
	pick.Done(Success, time.Millisecond)
	for _, name := range []string{EventConnected, EventPicked, EventCalled} {
		if told.count(name) != 1 {
			t.Errorf("%s was told %d times", name, told.count(name))
		}
	}
}

func TestChangesAreTold(t *testing.T) {
	server := registrytest.Start(t)
	client, _ := connect(t, Config{URLs: []string{server.URL}})
	orders := client.Service("orders")
	seen := make(chan string, 100)
	var stop func()
	ready := make(chan struct{})
	stop = orders.OnChange(func(instances []*Instance) {
		<-ready
		seen <- ids(instances)
		if len(instances) == 2 {
			stop()
		}
	})
	close(ready)
	for _, want := range []string{"", "a", "a b"} {
		if want != "" {
			server.Put(t, "/services/orders/instances/"+want[len(want)-1:], `{"address":"10.0.0.1","port":80}`)
		}
		select {
		case got := <-seen:
			if got != want {
				t.Errorf("%q, expected %q", got, want)
			}
		case <-time.After(registrytest.Limit):
			t.Fatalf("%q isn't told", want)
		}
	}
	server.Put(t, "/services/orders/instances/c", `{"address":"10.0.0.1","port":80}`)
	shows(t, orders, "a b c")
	if len(seen) != 0 {
		t.Error("it is told after the end")
	}
}

func TestThePolicyComesWithTheService(t *testing.T) {
	server := registrytest.Start(t)
	client, _ := connect(t, Config{URLs: []string{server.URL}})
	orders := client.Service("orders")
	shows(t, orders, "")
	server.Put(t, "/policies/orders", `{"balancer":{"kind":"least_request"},"timeouts":{"request":"3s"}}`)
	registrytest.Eventually(t, "the policy is there", func() bool {
		return orders.Policy().Balancer.Kind == "least_request" && time.Duration(orders.Policy().Timeouts.Request) == 3*time.Second
	})
	server.Ask(t, http.MethodDelete, "/policies/orders", "")
	registrytest.Eventually(t, "the policy is gone", func() bool { return orders.Policy().Balancer.Kind == "peak_ewma" })
}

func TestTheFirstUseWaitsTheRequestTimeout(t *testing.T) {
	client, told := connect(t, Config{URLs: []string{nowhere}, RequestTimeout: 50 * time.Millisecond})
	orders := client.Service("orders")
	registrytest.Eventually(t, "it has tried", func() bool { return told.count(EventRetrying) > 0 })
	for range 2 {
		_, err := orders.Choose(context.Background(), Query{})
		var unknown *NotKnownError
		if !errors.Is(err, ErrNotKnown) || !errors.As(err, &unknown) || unknown.Reason == nil {
			t.Errorf("%v", err)
		}
	}
	if _, known := orders.Age(); known {
		t.Error("it has an age")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := client.Service("other").Wait(ctx); !errors.Is(err, ErrNotKnown) {
		t.Errorf("%v", err)
	}
	var wrong *InvalidNameError
	if _, err := client.Service("no/name").Choose(context.Background(), Query{}); !errors.As(err, &wrong) {
		t.Errorf("%v", err)
	}
}

func TestDropAndCancel(t *testing.T) {
	client := calling(t, `null`, 1)
	orders := client.Service("orders")
	for _, end := range []func(*Pick){(*Pick).Drop, (*Pick).Cancel, func(p *Pick) { p.Done(Overloaded, 0) }} {
		pick, err := orders.Choose(context.Background(), Query{})
		if err != nil {
			t.Fatal(err)
		}
		end(&pick)
		pick.Drop()
		idle(t, client)
	}
	if n := client.report.of("orders").count.Load(); n != 1 {
		t.Errorf("%d calls are counted", n)
	}
	new(Pick).Drop()
}

func TestChoosingFromAClientAllocatesNothing(t *testing.T) {
	server := registrytest.Start(t)
	for i := range 20 {
		server.Put(t, fmt.Sprintf("/services/orders/instances/i%d", i), `{"address":"10.0.0.1","port":80}`)
	}
	client, err := Connect(context.Background(), Config{URLs: []string{server.URL}, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	orders := client.Service("orders")
	ctx := context.Background()
	call := func() {
		pick, err := orders.Choose(ctx, Query{})
		if err != nil {
			t.Fatal(err)
		}
		pick.Done(Success, time.Millisecond)
	}
	for range 1000 {
		call()
	}
	if allocated := testing.AllocsPerRun(1000, call); allocated >= 1 {
		t.Errorf("%v allocations a choice", allocated)
	}
}

func TestConfigsThatCannotWorkAreRefused(t *testing.T) {
	for _, wrong := range []Config{
		{URLs: []string{"127.0.0.1:7750"}}, {URLs: []string{"ftp://x"}}, {URLs: []string{"http://"}}, {URLs: []string{":"}},
		{Namespace: "a b"},
	} {
		if client, err := Connect(context.Background(), wrong); err == nil {
			client.Close()
			t.Errorf("%+v: taken", wrong)
		}
	}
	t.Setenv(EnvURL, "http://a:1, http://b:2/")
	t.Setenv(EnvToken, "secret")
	config, err := Config{}.complete()
	if err != nil || fmt.Sprint(config.URLs) != "[http://a:1 http://b:2]" || config.Token != "secret" || config.Namespace != "default" {
		t.Errorf("%+v, %v", config, err)
	}
}
