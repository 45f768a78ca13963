package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paste-registry/paste-registry/sdk/go/internal/registrytest"
)

func offer(t *testing.T, client *Client, service, id string) *Registered {
	t.Helper()
	registered, err := client.Register(context.Background(), Registration{Service: service, ID: id, Address: "10.0.0.1", Port: 80})
	if err != nil {
		t.Fatal(err)
	}
	return registered
}

func TestRegistrationsAreRepeatedUntilTheyAreTaken(t *testing.T) {
	server := registrytest.Start(t)
	server.Kill()
	client, told := connect(t, Config{URLs: []string{server.URL}, Zone: "z", Region: "r"})
	registered := offer(t, client, "orders", "a")
	registrytest.Eventually(t, "it is tried again", func() bool { return told.count(EventRetrying) > 1 })
	if client.Registered() {
		t.Error("it claims to be registered")
	}
	server.Run(t)
	if err := registered.Wait(limited(t)); err != nil {
		t.Fatal(err)
	}
	_, answer := server.Ask(t, http.MethodGet, "/services/orders/instances/a", "")
	var stored Instance
	if err := json.Unmarshal([]byte(answer), &stored); err != nil || stored.Session != client.Session() || stored.Zone != "z" || stored.Region != "r" {
		t.Errorf("%s: %v", answer, err)
	}
}

func TestRefusalsAreFinal(t *testing.T) {
	server := registrytest.Start(t)
	client, told := connect(t, Config{URLs: []string{server.URL}})
	registered, err := client.Register(context.Background(), Registration{Service: "orders", Port: 80, Version: "not a version"})
	if err != nil {
		t.Fatal(err)
	}
	err = registered.Wait(limited(t))
	var problem *ProblemError
	if !errors.As(err, &problem) || problem.Status != 400 || problem.Code != "invalid-field" || problem.Detail == "" {
		t.Errorf("%v", err)
	}
	if told.count(EventRetrying) != 0 || client.Registered() {
		t.Error("it is tried again")
	}
}

func TestRegistrationsThatCannotBeAreNotTaken(t *testing.T) {
	client, _ := connect(t, Config{URLs: []string{"http://127.0.0.1:1"}})
	for _, wrong := range []Registration{
		{Service: "or/ders", Port: 80}, {Service: "orders"}, {Service: "orders", Port: 65536}, {Service: "orders", Port: 80, ID: "?"},
	} {
		if _, err := client.Register(context.Background(), wrong); err == nil {
			t.Errorf("%+v: taken", wrong)
		}
	}
	client.Close()
	if _, err := client.Register(context.Background(), Registration{Service: "orders", Port: 80}); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
}

func TestWhatTheRegistryLostIsRegisteredAgainWithTheStatusThatHolds(t *testing.T) {
	server := registrytest.Start(t)
	client, _ := connect(t, Config{URLs: []string{server.URL}, Heartbeat: 50 * time.Millisecond})
	for _, id := range []string{"a", "b"} {
		if err := offer(t, client, "orders", id).Wait(limited(t)); err != nil {
			t.Fatal(err)
		}
	}
	orders := client.Service("orders")
	shows(t, orders, "a b")
	if err := client.registrations.list()[0].SetStatus(limited(t), "maintenance"); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	server.Wipe(t)
	server.Run(t)
	registrytest.Eventually(t, "both are there again", func() bool {
		_, answer := server.Ask(t, http.MethodGet, "/services/orders/instances?all=true", "")
		return strings.Contains(answer, `"maintenance"`) && strings.Count(answer, `"up"`) == 1
	})
	registrytest.Eventually(t, "the registry knows the session", client.Registered)
	shows(t, orders, "a b")
}

func TestCancellingTheContextDeregisters(t *testing.T) {
	server := registrytest.Start(t)
	client, told := connect(t, Config{URLs: []string{server.URL}})
	ctx, cancel := context.WithCancel(context.Background())
	registered, err := client.Register(ctx, Registration{Service: "orders", ID: "a", Port: 80})
	if err != nil {
		t.Fatal(err)
	}
	if err := registered.Wait(limited(t)); err != nil {
		t.Fatal(err)
	}
	shows(t, client.Service("orders"), "a")
	cancel()
	shows(t, client.Service("orders"), "")
	registrytest.Eventually(t, "it is told", func() bool { return told.count(EventDeregistered) == 1 })

	whole, end := context.WithCancel(context.Background())
	other, err := Connect(whole, Config{URLs: []string{server.URL}, Logger: quiet, DrainDelay: -1})
	if err != nil {
		t.Fatal(err)
	}
	if err := offer(t, other, "orders", "b").Wait(limited(t)); err != nil {
		t.Fatal(err)
	}
	shows(t, client.Service("orders"), "b")
	end()
	shows(t, client.Service("orders"), "")
	<-other.Done()
}

func TestDrainingComesBeforeTheEnd(t *testing.T) {
	fake := registrytest.NewFake(t, taking)
	client, _ := connect(t, Config{URLs: []string{fake.URL}})
	client.config.DrainDelay = 50 * time.Millisecond
	if err := offer(t, client, "orders", "a").Wait(limited(t)); err != nil {
		t.Fatal(err)
	}
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	requests := fake.Requests("/api/v1/services/orders/instances/a")
	if len(requests) != 2 || requests[1].Method != http.MethodPatch || requests[1].Body["status"] != "draining" {
		t.Errorf("%+v", requests)
	}
	if ends := fake.Requests("/api/v1/sessions/" + client.Session()); len(ends) != 1 || ends[0].Method != http.MethodDelete {
		t.Errorf("%+v", ends)
	}
}

func TestARegistrationWithoutAnAnswerIsEndedToo(t *testing.T) {
	var ends atomic.Int64
	fake := registrytest.NewFake(t, func(w http.ResponseWriter, request registrytest.Request) {
		switch request.Method {
		case http.MethodPut:
			panic(http.ErrAbortHandler)
		case http.MethodDelete:
			if ends.Add(1) < 4 {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
		}
		taking(w, request)
	})
	client, told := connect(t, Config{URLs: []string{fake.URL}, CloseTimeout: registrytest.Limit})
	offer(t, client, "orders", "a")
	registrytest.Eventually(t, "it is tried", func() bool { return told.count(EventRetrying) > 0 })
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	if tries := len(fake.Requests("/api/v1/sessions/" + client.Session())); tries != 4 {
		t.Errorf("the end of the session was tried %d times", tries)
	}
}

func TestTheStreamNamesTheSessionThatWasLostOnceItIsThereAgain(t *testing.T) {
	var puts, beats atomic.Int64
	fake := registrytest.NewFake(t, func(w http.ResponseWriter, request registrytest.Request) {
		if strings.HasSuffix(request.Path, "/heartbeat") && beats.Add(1) == 1 {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"code":"not-registered"}`)
			return
		}
		if request.Method == http.MethodPut && puts.Add(1) == 2 {
			time.Sleep(100 * time.Millisecond) // A stream that is opened too early comes in between.
		}
		taking(w, request)
	})
	client, _ := connect(t, Config{URLs: []string{fake.URL}, Heartbeat: 10 * time.Millisecond})
	client.Service("orders")
	if first := opened(t, fake, 1)[0].Body["session"]; first != nil {
		t.Errorf("a stream names the session %v without a registration", first)
	}
	offer(t, client, "me", "a")
	if again := opened(t, fake, 2)[1].Body["session"]; again != client.Session() {
		t.Errorf("the stream names the session %v", again)
	}
}

func TestTheOwnAddressIsNeverGuessed(t *testing.T) {
	client, _ := connect(t, Config{URLs: []string{nowhere}})
	if address, err := client.ownAddress(limited(t)); err != nil || address != "127.0.0.1" {
		t.Errorf("towards this machine: %q, %v", address, err)
	}
	client, _ = connect(t, Config{URLs: []string{"http://10.0.0.1:99999"}}) // There is no such port.
	if address, err := client.ownAddress(limited(t)); err == nil {
		t.Errorf("towards nowhere: %q", address)
	}
}

func TestHeartbeatsTellWhatWasCalledAndServed(t *testing.T) {
	var refuse atomic.Bool
	refuse.Store(true)
	fake := registrytest.NewFake(t, func(w http.ResponseWriter, request registrytest.Request) {
		if strings.HasSuffix(request.Path, "/heartbeat") && refuse.Load() {
			w.Header().Set("Retry-After", "60") // Longer than the ttl: it isn't heeded.
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		taking(w, request)
	})
	fake.Script(snapshotText("carts", 3, "e-3", "c"), snapshotText("carts", 3, "e-3", "c"))
	client, _ := connect(t, Config{URLs: []string{fake.URL}, Heartbeat: 10 * time.Millisecond})
	path := "/api/v1/sessions/" + client.Session() + "/heartbeat"
	carts := client.Service("carts")
	shows(t, carts, "c")
	time.Sleep(30 * time.Millisecond)
	if n := len(fake.Requests(path)); n != 0 {
		t.Errorf("%d heartbeats without a registration", n)
	}
	finished := client.Serving()
	client.Serving()(true)
	for i, latency := range []time.Duration{0, 150 * time.Microsecond, time.Second} {
		pick, err := carts.Choose(context.Background(), Query{})
		if err != nil {
			t.Fatal(err)
		}
		pick.Done(Outcome(i%2), latency)
		pick.Done(Failure, latency) // Only the first word counts.
	}
	offer(t, client, "orders", "a")
	registrytest.Eventually(t, "heartbeats are refused", func() bool { return len(fake.Requests(path)) >= 2 })
	finished(false)
	refuse.Store(false)
	taken := func() (requests, count, errors float64, all string) {
		for _, request := range fake.Requests(path) {
			all += fmt.Sprint(request.Body, "\n")
			requests, _ = request.Body["requests"].(float64)
			calls, _ := request.Body["calls"].([]any)
			if len(calls) == 1 {
				one := calls[0].(map[string]any)
				count, errors = one["count"].(float64), one["errors"].(float64)
				if latency := one["latency"].([]any); len(latency) != 28 || latency[0] != 1.0 || latency[2] != 1.0 || latency[27] != 1.0 {
					t.Errorf("latency %v", latency)
				}
			}
		}
		return
	}
	registrytest.Eventually(t, "what was refused is told again", func() bool {
		_, count, errors, _ := taken()
		return count == 3 && errors == 1
	})
	registrytest.Eventually(t, "then it is told no more", func() bool {
		all := fake.Requests(path)
		return len(all) > 0 && all[len(all)-1].Body["calls"] == nil && all[len(all)-1].Body["in_flight"] == 0.0
	})
}

func TestClosingWhileTheRegistryIsAway(t *testing.T) {
	server := registrytest.Start(t)
	client, told := connect(t, Config{URLs: []string{server.URL}, CloseTimeout: time.Second})
	if err := offer(t, client, "orders", "a").Wait(limited(t)); err != nil {
		t.Fatal(err)
	}
	client.Service("orders")
	server.Kill()
	registrytest.Eventually(t, "it reconnects", func() bool { return told.count(EventRetrying) > 0 })
	ended := make(chan error)
	go func() { ended <- client.Close() }()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("it claims to have deregistered")
		}
	case <-time.After(registrytest.Limit):
		t.Fatal("Close doesn't return")
	}
	if err := client.Service("new").Wait(context.Background()); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
}
