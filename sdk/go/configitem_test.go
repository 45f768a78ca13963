package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/paste-registry/paste-registry/sdk/go/internal/registrytest"
)

func (s *received) note(value *ConfigValue) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if value == nil {
		s.all = append(s.all, "none")
		return
	}
	s.all = append(s.all, fmt.Sprintf("%d:%s", value.Release, value.Content))
}

// received is what a callback was called with.
type received struct {
	mu  sync.Mutex
	all []string
}

func (s *received) last() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{""}, s.all...)[len(s.all)]
}

func publish(t *testing.T, server *registrytest.Server, content string) {
	t.Helper()
	server.Put(t, "/configs/shop/app.yaml", `{"content":"`+content+`","format":"text"}`)
}

// acknowledged waits until the registry knows what this client says of the item.
func acknowledged(t *testing.T, server *registrytest.Server, client *Client, want ...string) {
	t.Helper()
	registrytest.Eventually(t, fmt.Sprint("it is acknowledged: ", want), func() bool {
		_, answer := server.Ask(t, http.MethodGet, "/configs/shop/app.yaml/subscribers", "")
		there := strings.Contains(answer, client.Session())
		for _, part := range want {
			there = there && strings.Contains(answer, part)
		}
		return there
	})
}

func TestConfiguration(t *testing.T) {
	server := registrytest.Start(t)
	client, _ := connect(t, Config{URLs: []string{server.URL}})
	item := client.Config("shop/app.yaml")
	if item != client.Config("shop/app.yaml") {
		t.Error("two handles of one item")
	}
	if _, err := item.Value(limited(t)); !errors.Is(err, ErrNoConfig) {
		t.Errorf("%v", err)
	}
	publish(t, server, "one")
	registrytest.Eventually(t, "the first release is there", func() bool {
		value, err := item.Value(context.Background())
		return err == nil && value == ConfigValue{Release: 1, Format: "text", Content: "one"}
	})
	acknowledged(t, server, client, `"release":1`, `"applied":true`)

	var got received
	stop := item.OnChange(func(value *ConfigValue) error {
		got.note(value)
		if value != nil && value.Content == "bad" {
			return errors.New("I can't read that")
		}
		if value != nil && value.Content == "worse" {
			panic("oh")
		}
		return nil
	})
	registrytest.Eventually(t, "the callback gets what there is", func() bool { return got.last() == "1:one" })
	publish(t, server, "bad")
	acknowledged(t, server, client, `"release":2`, `"applied":false`, "I can't read that")
	publish(t, server, "worse")
	acknowledged(t, server, client, `"release":3`, `"applied":false`, "panicked")
	publish(t, server, "good")
	acknowledged(t, server, client, `"release":4`, `"applied":true`)
	if status, answer := server.Ask(t, http.MethodDelete, "/configs/shop/app.yaml", ""); status >= 300 {
		t.Fatal(answer)
	}
	registrytest.Eventually(t, "it is gone", func() bool { return got.last() == "none" })
	stop()
	publish(t, server, "after")
	registrytest.Eventually(t, "the release after that is there", func() bool {
		value, err := item.Value(context.Background())
		return err == nil && value.Content == "after"
	})
	if got.last() != "none" {
		t.Errorf("after the end the callback got %s", got.last())
	}
}

func TestWhatTheRegistryCannotReadChangesNothing(t *testing.T) {
	item := newConfigCopy("g", "k")
	release, content := uint64(7), "seven"
	if _, _, acknowledge := item.apply(&configEvent{Release: &release, Error: "secret-key-missing"}); acknowledge {
		t.Error("it is acknowledged")
	}
	if _, known := item.get(); known {
		t.Error("it is known")
	}
	if got, failed, acknowledge := item.apply(&configEvent{Release: &release, Content: &content}); got != 7 || failed != nil || !acknowledge {
		t.Errorf("%d, %v, %v", got, failed, acknowledge)
	}
	item.apply(&configEvent{Release: &release, Error: "secret-key-missing"})
	if value, _ := item.get(); value == nil || value.Content != "seven" {
		t.Errorf("%v", value)
	}
	item.apply(&configEvent{Release: new(uint64), Removed: true})
	if value, known := item.get(); value != nil || !known {
		t.Errorf("%v, %v", value, known)
	}
}

func TestWrongNamesOfItemsAreTold(t *testing.T) {
	client, _ := connect(t, Config{URLs: []string{nowhere}})
	for _, name := range []string{"", "k", "/k", "g/", "g/k/x", "g /k"} {
		item := client.Config(name)
		var wrong *InvalidNameError
		if _, err := item.Value(context.Background()); !errors.As(err, &wrong) {
			t.Errorf("%q: %v", name, err)
		}
		item.OnChange(func(*ConfigValue) error { return nil })()
	}
}

func TestLongErrorsAreCut(t *testing.T) {
	text := strings.Repeat("ü", 1000)
	if cut := cutText(text, ackErrorBytesMax); len(cut) > ackErrorBytesMax || !strings.HasPrefix(text, cut) || len(cut) < 1000 {
		t.Errorf("%d bytes", len(cut))
	}
	if cutText("short", 10) != "short" {
		t.Error("a short text is cut")
	}
}
