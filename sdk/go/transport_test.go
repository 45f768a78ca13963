package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paste-registry/paste-registry/sdk/go/internal/registrytest"
)

// backend is an instance of the service orders that answers as the test says.
type backend struct {
	port  int
	calls atomic.Int64
}

func serveBackend(t *testing.T, answer http.HandlerFunc) *backend {
	b := &backend{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.calls.Add(1)
		answer(w, r)
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	target, _ := url.Parse(server.URL)
	b.port, _ = strconv.Atoi(target.Port())
	return b
}

// deadPort is a port on which nobody listens.
func deadPort(t *testing.T) int {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// calling is a client that knows the service orders with instances at these ports, named a, b, c, ….
func calling(t *testing.T, policy string, ports ...int) *Client {
	var instances []string
	for i, port := range ports {
		instances = append(instances, fmt.Sprintf(
			`{"id":"%c","address":"127.0.0.1","port":%d,"weight":100,"status":"up","health":"passing"}`, 'a'+i, port))
	}
	fake := registrytest.NewFake(t, taking)
	fake.Script(fmt.Sprintf("event: snapshot\nid: e-1\ndata: {\"service\":\"orders\",\"revision\":1,\"policy\":%s,\"instances\":[%s]}\n\n",
		policy, strings.Join(instances, ",")))
	client, _ := connect(t, Config{URLs: []string{fake.URL}})
	if err := client.Service("orders").Wait(limited(t)); err != nil {
		t.Fatal(err)
	}
	return client
}

// inTurn makes the first choice a, the next b, and takes no time between tries.
const inTurn = `{"balancer":{"kind":"smooth_wrr"},"retries":{"backoff_base":"0s"%s},"timeouts":{"request":"20s","connect":"20s"%s}}`

func turns(retries, timeouts string) string { return fmt.Sprintf(inTurn, retries, timeouts) }

func ok(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s %s %s", r.Method, r.Host, body)
}

func failing503(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	http.Error(w, "busy", http.StatusServiceUnavailable)
}

func send(t *testing.T, client *Client, method, body string, change func(*http.Request) *http.Request) (int, string, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(limited(t), method, "http://orders/path", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		request = change(request)
	}
	response, err := client.HTTP().Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	return response.StatusCode, string(read), err
}

func TestWhatIsTriedAgain(t *testing.T) {
	idempotent := func(r *http.Request) *http.Request { return r.WithContext(WithIdempotent(r.Context())) }
	keyed := func(r *http.Request) *http.Request { r.Header.Set("Idempotency-Key", "1"); return r }
	once := func(r *http.Request) *http.Request { r.GetBody = nil; return r }
	for _, c := range []struct {
		name, method, body, policy string
		first                      http.HandlerFunc // nil: nobody listens
		change                     func(*http.Request) *http.Request
		status                     int // 0: an error
	}{
		{"a GET after a 503", "GET", "", turns("", ""), failing503, nil, 200},
		{"a PUT with a body after a 503", "PUT", "hello", turns("", ""), failing503, nil, 200},
		{"a body that can't be sent twice", "PUT", "hello", turns("", ""), failing503, once, 503},
		{"a POST after a 503", "POST", "hello", turns("", ""), failing503, nil, 503},
		{"a POST that is declared idempotent", "POST", "hello", turns("", ""), failing503, idempotent, 200},
		{"a POST with a key", "POST", "hello", turns("", ""), failing503, keyed, 200},
		{"a POST that wasn't sent", "POST", "hello", turns("", ""), nil, nil, 200},
		{"another status", "GET", "", turns(`,"statuses":[500]`, ""), failing503, nil, 503},
		{"without retries", "GET", "", turns(`,"max":0`, ""), failing503, nil, 503},
		{"without a budget", "GET", "", turns(`,"budget":0,"min_per_second":0`, ""), failing503, nil, 503},
		{"without retries, not sent", "GET", "", turns(`,"max":0`, ""), nil, nil, 0},
	} {
		first := deadPort(t)
		if c.first != nil {
			first = serveBackend(t, c.first).port
		}
		second := serveBackend(t, ok)
		client := calling(t, c.policy, first, second.port)
		status, answer, err := send(t, client, c.method, c.body, c.change)
		if status != c.status || (err != nil) != (c.status == 0) {
			t.Errorf("%s: %d %q, %v", c.name, status, answer, err)
		}
		if want := fmt.Sprintf("%s 127.0.0.1:%d %s", c.method, second.port, c.body); c.status == 200 && answer != want {
			t.Errorf("%s: %q, expected %q", c.name, answer, want)
		}
		idle(t, client)
	}
}

// idle fails the test if a call counts as in flight.
func idle(t *testing.T, client *Client) {
	t.Helper()
	trace, err := client.Service("orders").Explain(context.Background(), Query{})
	if err != nil {
		t.Fatal(err)
	}
	for _, candidate := range trace.Candidates {
		if candidate.InFlight != 0 {
			t.Errorf("%s has %d calls in flight", candidate.ID, candidate.InFlight)
		}
	}
}

func TestNeverTheSameInstanceAgainWhileThereIsAnother(t *testing.T) {
	one, two, three := serveBackend(t, failing503), serveBackend(t, failing503), serveBackend(t, failing503)
	client := calling(t, `{"balancer":{"kind":"rendezvous"},"retries":{"backoff_base":"0s"},"timeouts":{"request":"20s","connect":"20s"}}`,
		one.port, two.port, three.port)
	status, _, err := send(t, client, "GET", "", func(r *http.Request) *http.Request {
		return r.WithContext(WithQuery(r.Context(), Query{HashKey: []byte("always the same")}))
	})
	if err != nil || status != 503 {
		t.Errorf("%d, %v", status, err)
	}
	for _, b := range []*backend{one, two, three} {
		if b.calls.Load() != 1 {
			t.Errorf("one was called %d times", b.calls.Load())
		}
	}
}

func TestTimeouts(t *testing.T) {
	slow := func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	hanging, good := serveBackend(t, slow), serveBackend(t, ok)
	client := calling(t, turns("", `,"per_try":"2s"`), hanging.port, good.port)
	if status, _, err := send(t, client, "GET", "", nil); err != nil || status != 200 {
		t.Errorf("after a try that took too long: %d, %v", status, err)
	}
	client = calling(t, `{"timeouts":{"request":"50ms"}}`, hanging.port)
	_, _, err := send(t, client, "GET", "", nil)
	var timeout interface{ Timeout() bool }
	if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("a request that took too long: %v", err)
	}
	idle(t, client)
}

func TestFailuresOfCallsEject(t *testing.T) {
	bad, good := serveBackend(t, failing503), serveBackend(t, ok)
	client := calling(t, turns("", ""), bad.port, good.port, serveBackend(t, ok).port)
	for range 40 {
		if status, _, err := send(t, client, "GET", "", nil); status != 200 {
			t.Fatal(status, err)
		}
	}
	if n := bad.calls.Load(); n != 5 {
		t.Errorf("the one that fails was called %d times", n)
	}
}

func TestACallThatIsGivenUpSaysNothing(t *testing.T) {
	started := make(chan struct{}, 100)
	client := calling(t, turns("", ""), serveBackend(t, func(w http.ResponseWriter, r *http.Request) {
		started <- struct{}{}
		<-r.Context().Done()
	}).port, deadPort(t))
	for range 6 {
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			<-started
			cancel()
		}()
		_, _, err := send(t, client, "GET", "", func(r *http.Request) *http.Request { return r.WithContext(ctx) })
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	idle(t, client)
	if ejected := client.Service("orders").copy.table.Ejected(int64(client.now())); len(ejected) == 1 && ejected[0] == "a" {
		t.Error("the one that was given up is ejected")
	}
}

func TestABodyThatBreaksOffIsAFailure(t *testing.T) {
	client := calling(t, turns(`,"max":0`, ""), serveBackend(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, "too little")
	}).port)
	if _, _, err := send(t, client, "GET", "", nil); err == nil {
		t.Error("no error")
	}
	idle(t, client)
	if errors := client.report.of("orders").errors.Load(); errors != 1 {
		t.Errorf("%d errors are counted", errors)
	}
}

func TestOnlyServicesAreLookedFor(t *testing.T) {
	client := calling(t, `null`)
	good := serveBackend(t, ok)
	response, err := client.HTTP().Get(fmt.Sprintf("http://127.0.0.1:%d/", good.port))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	_, err = client.HTTP().Get("http://orders/")
	var none *NoInstanceError
	if !errors.As(err, &none) || none.Reason != "no instances" {
		t.Errorf("%v", err)
	}
	client.Close()
	if _, err := client.HTTP().Get("http://orders/"); err == nil {
		t.Error("a closed client calls")
	}
}

func TestTracingIsHandedOn(t *testing.T) {
	seen := make(chan http.Header, 1)
	client := calling(t, `null`, serveBackend(t, func(w http.ResponseWriter, r *http.Request) { seen <- r.Header }).port)
	handler := client.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request, _ := http.NewRequestWithContext(r.Context(), "GET", "http://orders/", nil)
		request.Header.Set("X-Own", "1")
		response, err := client.HTTP().Do(request)
		if err != nil {
			t.Error(err)
			return
		}
		response.Body.Close()
		if request.Header.Get("Traceparent") != "" {
			t.Error("the caller's request was changed")
		}
	}))
	incoming := httptest.NewRequest("GET", "/", nil)
	incoming.Header.Set("traceparent", "00-1-2-01")
	incoming.Header.Set("baggage", "k=v")
	incoming.Header.Set("Authorization", "secret")
	handler.ServeHTTP(httptest.NewRecorder(), incoming)
	got := <-seen
	if got.Get("Traceparent") != "00-1-2-01" || got.Get("Baggage") != "k=v" || got.Get("X-Own") != "1" || got.Get("Authorization") != "" {
		t.Errorf("%v", got)
	}
}

func TestServedRequestsAreCounted(t *testing.T) {
	client := calling(t, `null`)
	serve := func(handler http.HandlerFunc) {
		defer func() { _ = recover() }()
		client.Middleware(handler).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	}
	serve(func(w http.ResponseWriter, r *http.Request) {
		if n := *client.report.take(time.Second).InFlight; n != 1 {
			t.Errorf("%d in flight", n)
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
	})
	serve(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(404) })
	serve(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(103); w.WriteHeader(500) })
	serve(func(w http.ResponseWriter, r *http.Request) { panic("!") })
	told := client.report.take(2 * time.Second)
	if *told.Requests != 4 || *told.Errors != 2 || *told.InFlight != 0 {
		t.Errorf("%d requests, %d errors, %d in flight", *told.Requests, *told.Errors, *told.InFlight)
	}
}
