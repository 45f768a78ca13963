// Command scenario is the agent through which the scenarios of docs/sdk.md drive this SDK: it reads one JSON object a
// line from standard input, answers each with one on standard output, and logs to standard error.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"

	registry "github.com/paste-registry/paste-registry/sdk/go"
)

// command is one line of standard input.
type command struct {
	Do             string
	URLs           []string
	SnapshotFolder string `json:"snapshot_folder"`
	Services       []string
	Configs        []string
	Register       *struct {
		Service, Address, ID, Version string
		Port                          int
	}
	Service string
	WaitMS  int `json:"wait_ms"`
	Count   int
	Path    string
	Name    string
	MS      int
}

type answer map[string]any

func main() {
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "scenario:", err)
		os.Exit(1)
	}
}

func run(input io.Reader, output io.Writer) error {
	agent := &agent{before: goroutines()}
	lines := bufio.NewScanner(input)
	answers := json.NewEncoder(output)
	for lines.Scan() {
		var said command
		var result answer
		err := json.Unmarshal(lines.Bytes(), &said)
		if err == nil {
			result, err = agent.obey(&said)
		}
		if err != nil {
			result = answer{"error": err.Error()}
		}
		if err := answers.Encode(result); err != nil {
			return err
		}
		if said.Do == "close" {
			return nil
		}
	}
	return lines.Err()
}

// agent is the client under test.
type agent struct {
	client *registry.Client
	// before are the goroutines that were there before the client.
	before map[string]string
	mu     sync.Mutex
	events []string
}

func (a *agent) obey(said *command) (answer, error) {
	if a.client == nil && said.Do != "start" {
		return nil, errors.New("not started")
	}
	switch said.Do {
	case "start":
		return a.start(said)
	case "instances":
		return a.instances(said)
	case "pick":
		return a.pick(said)
	case "call":
		return a.call(said)
	case "config":
		return a.config(said)
	case "registered":
		return answer{"registered": a.client.Registered()}, nil
	case "block":
		time.Sleep(time.Duration(said.MS) * time.Millisecond)
		return answer{"ok": true}, nil
	case "events":
		a.mu.Lock()
		defer a.mu.Unlock()
		return answer{"events": append([]string{}, a.events...)}, nil
	case "close":
		err := a.client.Close()
		if err != nil {
			slog.Warn("closing", "error", err)
		}
		return answer{"left": left(a.before)}, nil
	}
	return nil, fmt.Errorf("nothing is called %q", said.Do)
}

func (a *agent) start(said *command) (answer, error) {
	ctx := context.Background()
	client, err := registry.Connect(ctx, registry.Config{
		URLs: said.URLs, SnapshotFolder: said.SnapshotFolder, OnEvent: a.note,
	})
	if err != nil {
		return nil, err
	}
	a.client = client
	for _, name := range said.Services {
		client.Service(name)
	}
	for _, name := range said.Configs {
		client.Config(name)
	}
	if own := said.Register; own != nil {
		_, err = client.Register(ctx, registry.Registration{
			Service: own.Service, Address: own.Address, Port: own.Port, ID: own.ID, Version: own.Version,
		})
	}
	return answer{"ok": true}, err
}

// note keeps the names of events but those of every single call.
func (a *agent) note(event registry.Event) {
	if event.Name == registry.EventPicked || event.Name == registry.EventCalled {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.events = append(a.events, event.Name)
}

// within asks again until something is known, or the time that the command gives is over.
func within(said *command, ask func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(said.WaitMS)*time.Millisecond)
	defer cancel()
	for {
		err := ask(ctx)
		if !errors.Is(err, registry.ErrNotKnown) || ctx.Err() != nil {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (a *agent) instances(said *command) (answer, error) {
	service := a.client.Service(said.Service)
	ids := []string{}
	err := within(said, func(ctx context.Context) error {
		instances, err := service.Instances(ctx)
		for _, one := range instances {
			ids = append(ids, one.ID)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	age, _ := service.Age()
	return answer{"ids": ids, "age_ms": age.Milliseconds()}, nil
}

func (a *agent) pick(said *command) (answer, error) {
	picked := map[string]int{}
	for range said.Count {
		pick, err := a.client.Service(said.Service).Choose(context.Background(), registry.Query{})
		if err != nil {
			return nil, err
		}
		picked[pick.Instance.ID]++
		pick.Done(registry.Success, time.Millisecond)
	}
	return answer{"picked": picked}, nil
}

func (a *agent) call(said *command) (answer, error) {
	ok, failed := 0, 0
	for range said.Count {
		if err := get(a.client.HTTP(), "http://"+said.Service+said.Path); err != nil {
			slog.Warn("a call failed", "error", err)
			failed++
		} else {
			ok++
		}
	}
	return answer{"ok": ok, "failed": failed}, nil
}

func get(client *http.Client, url string) error {
	response, err := client.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", url, response.Status)
	}
	return nil
}

func (a *agent) config(said *command) (answer, error) {
	var value registry.ConfigValue
	err := within(said, func(ctx context.Context) error {
		var err error
		value, err = a.client.Config(said.Name).Value(ctx)
		return err
	})
	switch {
	case errors.Is(err, registry.ErrNoConfig):
		return answer{"content": nil}, nil
	case err != nil:
		return nil, err
	}
	return answer{"content": value.Content, "release": value.Release}, nil
}
