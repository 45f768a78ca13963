package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/paste-registry/paste-registry/sdk/go/internal/registrytest"
)

const watchPath = "/api/v1/watch"

// snapshotText is a snapshot event as it is sent; id may be empty.
func snapshotText(service string, revision int, id string, instances ...string) string {
	var all []string
	for i, one := range instances {
		all = append(all, fmt.Sprintf(
			`{"id":%q,"address":"10.0.0.1","port":%d,"weight":100,"status":"up","health":"passing","ephemeral":true,"revision":1,"new":1}`, one, 80+i))
	}
	text := fmt.Sprintf("event: snapshot\ndata: {\"service\":%q,\"namespace\":\"default\",\"revision\":%d,\"protected\":false,\"instances\":[%s]}\n",
		service, revision, strings.Join(all, ","))
	if id != "" {
		text += "id: " + id + "\n"
	}
	return text + "\n"
}

// taking answers everything as a registry does that takes it.
func taking(w http.ResponseWriter, request registrytest.Request) {
	switch {
	case request.Method == http.MethodPut:
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"id":%q}`, request.Path[strings.LastIndex(request.Path, "/")+1:])
	case request.Method == http.MethodDelete, request.Method == http.MethodPatch, strings.HasSuffix(request.Path, "/acks"):
		fmt.Fprint(w, `{}`)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

func opened(t *testing.T, fake *registrytest.Fake, n int) []registrytest.Request {
	t.Helper()
	registrytest.Eventually(t, fmt.Sprintf("%d streams are opened", n), func() bool { return len(fake.Requests(watchPath)) >= n })
	return fake.Requests(watchPath)
}

func TestAStreamResumesWhereItEnded(t *testing.T) {
	fake := registrytest.NewFake(t, taking)
	fake.Script(snapshotText("orders", 3, "e-3", "a"))
	client, told := connect(t, Config{URLs: []string{fake.URL}, Token: "secret", Namespace: "shop"})
	orders := client.Service("orders")
	shows(t, orders, "a")
	fake.Say("id: e-7\n\n")
	fake.Say("event: load\ndata: {}\n\n")
	fake.Say("event: delta\nid: e-9\ndata: {\"service\":\"orders\",\"revision\":9,\"protected\":false,\"upserted\":[],\"removed\":[\"a\"]}\n\n")
	shows(t, orders, "")
	fake.Cut()
	requests := opened(t, fake, 2)
	if requests[0].LastEventID != "" || requests[1].LastEventID != "e-9" {
		t.Errorf("Last-Event-ID: %q, then %q", requests[0].LastEventID, requests[1].LastEventID)
	}
	header := requests[0].Header
	if header.Get("Prefer") != "handling=lenient" || header.Get("Authorization") != "Bearer secret" ||
		!strings.HasPrefix(header.Get("User-Agent"), "paste-registry-go/") {
		t.Errorf("headers: %v", header)
	}
	if services := fmt.Sprint(requests[0].Body["services"]); services != "[orders]" {
		t.Errorf("services: %v", services)
	}
	registrytest.Eventually(t, "the events are told", func() bool {
		return told.count(EventConnected) == 2 && told.count(EventDisconnected) == 1 && told.count(EventRetrying) == 1
	})
}

func TestWhatCannotBeReadIsAskedForAnew(t *testing.T) {
	for _, nonsense := range []string{
		"event: snapshot\ndata: {\n\n", "event: delta\ndata: {}\n\n", "event: reset\ndata: 1\n\n", "event: config\ndata: {}\n\n",
	} {
		fake := registrytest.NewFake(t, taking)
		fake.Script(snapshotText("orders", 3, "e-3", "a")+nonsense, snapshotText("orders", 4, "e-4", "a", "b"))
		client, _ := connect(t, Config{URLs: []string{fake.URL}})
		shows(t, client.Service("orders"), "a b")
		if again := opened(t, fake, 2)[1]; again.LastEventID != "" {
			t.Errorf("after %q: Last-Event-ID is %s", nonsense, again.LastEventID)
		}
	}
}

func TestANewSubscriptionBeginsAnewBeforeTheOldStreamEnds(t *testing.T) {
	fake := registrytest.NewFake(t, taking)
	fake.Script(snapshotText("orders", 3, "e-3", "a"), snapshotText("orders", 3, "", "a")+snapshotText("carts", 3, "e-3", "b"))
	client, told := connect(t, Config{URLs: []string{fake.URL}})
	shows(t, client.Service("orders"), "a")
	shows(t, client.Service("carts"), "b")
	requests := opened(t, fake, 2)
	if requests[1].LastEventID != "" || fmt.Sprint(requests[1].Body["services"]) != "[orders carts]" {
		t.Errorf("the second stream: %+v", requests[1])
	}
	if told.count(EventDisconnected) != 0 {
		t.Error("that the old stream ended is told as a failure")
	}
}

func TestMoreThanAHundredSubscriptionsTakeSeveralStreams(t *testing.T) {
	server := registrytest.Start(t)
	client, _ := connect(t, Config{URLs: []string{server.URL}})
	for i := range 150 {
		client.Service(fmt.Sprintf("s%d", i))
	}
	for i := range 150 {
		shows(t, client.Service(fmt.Sprintf("s%d", i)), "")
	}
	if n := len(client.streams.all); n != 2 {
		t.Errorf("%d streams", n)
	}
}

func TestAResetKeepsWhatWasKnown(t *testing.T) {
	fake := registrytest.NewFake(t, taking)
	fake.Script(snapshotText("orders", 9, "e-9", "a", "b"))
	client, told := connect(t, Config{URLs: []string{fake.URL}})
	shows(t, client.Service("orders"), "a b")
	fake.Say("event: reset\ndata: {\"epoch\":\"f\"}\n\n" + snapshotText("orders", 1, "f-1", "b", "c"))
	shows(t, client.Service("orders"), "a b c")
	if told.count(EventReset) != 1 {
		t.Error("the reset isn't told")
	}
}

func TestTheMinuteBeginsAnewAfterNoStreamWasOpen(t *testing.T) {
	fake := registrytest.NewFake(t, taking)
	fake.Script(snapshotText("orders", 9, "e-9", "a") + "event: reset\ndata: {\"epoch\":\"f\"}\n\n" + snapshotText("orders", 1, "f-1", "b"))
	client, _ := connect(t, Config{URLs: []string{fake.URL}})
	orders := client.Service("orders")
	shows(t, orders, "a b")
	until := func() time.Duration {
		orders.copy.mu.Lock()
		defer orders.copy.mu.Unlock()
		return orders.copy.unconfirmed["a"]
	}
	before := until()
	fake.Cut()
	registrytest.Eventually(t, "it is kept for longer", func() bool { return until() > before })
}

func TestAnAnswerThatIsNoStreamIsAFailure(t *testing.T) {
	for _, answer := range []func(w http.ResponseWriter){
		func(w http.ResponseWriter) { fmt.Fprint(w, "<html>hello</html>") },
		func(w http.ResponseWriter) { w.WriteHeader(http.StatusNoContent) },
		func(w http.ResponseWriter) { http.Error(w, "no", http.StatusInternalServerError) },
		func(w http.ResponseWriter) { w.Header().Set("Location", "/elsewhere"); w.WriteHeader(http.StatusFound) },
	} {
		url := serveFunc(t, func(w http.ResponseWriter, _ *http.Request) { answer(w) })
		client, told := connect(t, Config{URLs: []string{url}, RequestTimeout: 200 * time.Millisecond})
		orders := client.Service("orders")
		registrytest.Eventually(t, "it has tried", func() bool { return told.count(EventRetrying) > 0 })
		_, err := orders.Instances(context.Background())
		var unknown *NotKnownError
		if !errors.Is(err, ErrNotKnown) || !errors.As(err, &unknown) || unknown.Reason == nil {
			t.Errorf("%v", err)
		}
		registrytest.Eventually(t, "it is tried again", func() bool { return told.count(EventRetrying) > 1 })
	}
}

func TestAStreamThatIsRefusedForItsSessionRegistersAgain(t *testing.T) {
	fake := registrytest.NewFake(t, taking)
	refusals := 0
	url := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == watchPath && refusals == 0 {
			refusals++
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"code":"not-registered","detail":"register again"}`)
			return
		}
		fake.ServeHTTP(w, r)
	})
	fake.Script(snapshotText("orders", 3, "e-3", "a"))
	client, told := connect(t, Config{URLs: []string{url}})
	registered, err := client.Register(context.Background(), Registration{Service: "me", Port: 1, Address: "h"})
	if err != nil {
		t.Fatal(err)
	}
	if err := registered.Wait(limited(t)); err != nil {
		t.Fatal(err)
	}
	shows(t, client.Service("orders"), "a")
	registrytest.Eventually(t, "it registers again", func() bool { return told.count(EventRegistered) == 2 })
}

func TestIsolatedNodesAreLeft(t *testing.T) {
	fake := registrytest.NewFake(t, taking)
	fake.Script(snapshotText("orders", 3, "e-3", "a"), snapshotText("orders", 3, "e-3", "a"))
	isolated := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Registry-Isolated", "12")
		fake.ServeHTTP(w, r)
	})
	good := registrytest.NewFake(t, taking)
	good.Script(snapshotText("orders", 3, "e-3", "a"))
	client, _ := connect(t, Config{URLs: []string{isolated, good.URL}})
	shows(t, client.Service("orders"), "a")
	opened(t, good, 1)
	if node, _ := client.nodes.node(); node != 1 {
		t.Error("the isolated node is used")
	}
}
