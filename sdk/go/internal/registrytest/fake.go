package registrytest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// Request is one that a [Fake] got.
type Request struct {
	Method, Path, LastEventID string
	Header                    http.Header
	Body                      map[string]any
}

// Fake is a registry that answers what a test says: it is for answers that a real one doesn't give.
type Fake struct {
	URL string

	mu       sync.Mutex
	requests []Request
	// answer answers all but streams; nil: 200 with an empty object.
	answer func(w http.ResponseWriter, request Request)
	// scripts are what the next streams say.
	scripts []string
	streams []chan string
}

// NewFake starts a fake registry, which ends with the test. answer answers everything but the streams.
func NewFake(t testing.TB, answer func(w http.ResponseWriter, request Request)) *Fake {
	f := &Fake{answer: answer}
	server := httptest.NewServer(f)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	f.URL = server.URL
	return f
}

// Script says what streams say at once: the first of scripts the next stream, and so on. A stream then stays open until
// [Fake.Cut].
func (f *Fake) Script(scripts ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.scripts = append(f.scripts, scripts...)
}

// Say sends text on all open streams.
func (f *Fake) Say(text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, stream := range f.streams {
		stream <- text
	}
}

// Cut ends all open streams.
func (f *Fake) Cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, stream := range f.streams {
		close(stream)
	}
	f.streams = nil
}

// Requests are those with a path, in order.
func (f *Fake) Requests(path string) []Request {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []Request
	for _, request := range f.requests {
		if request.Path == path {
			found = append(found, request)
		}
	}
	return found
}

// ServeHTTP notes a request, and answers it.
func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request := Request{Method: r.Method, Path: r.URL.Path, LastEventID: r.Header.Get("Last-Event-ID"), Header: r.Header}
	_ = json.NewDecoder(bufio.NewReader(r.Body)).Decode(&request.Body)
	f.mu.Lock()
	f.requests = append(f.requests, request)
	f.mu.Unlock()
	if request.Path != "/api/v1/watch" {
		f.answer(w, request)
		return
	}
	f.stream(w, r)
}

func (f *Fake) stream(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	script := ""
	if len(f.scripts) > 0 {
		script, f.scripts = f.scripts[0], f.scripts[1:]
	}
	said := make(chan string, 100)
	f.streams = append(f.streams, said)
	f.mu.Unlock()
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprint(w, script)
	w.(http.Flusher).Flush()
	for {
		select {
		case <-r.Context().Done():
			return
		case text, open := <-said:
			if !open {
				return
			}
			fmt.Fprint(w, text)
			w.(http.Flusher).Flush()
		}
	}
}
