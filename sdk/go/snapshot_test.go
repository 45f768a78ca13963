package registry

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/paste-registry/paste-registry/sdk/go/internal/registrytest"
)

func saved(at time.Time) *savedCopy {
	return &savedCopy{
		Epoch: "e", SavedAt: at,
		Services: map[string]*savedService{"orders": {Revision: 3, Instances: instancesOf("a", "b")}},
		Configs:  map[string]*savedConfig{"shop/app.yaml": {Release: 2, Format: "yaml", Content: "k: v"}},
	}
}

// nowhere is a registry that isn't there.
const nowhere = "http://127.0.0.1:1"

func TestStartingWithoutTheRegistry(t *testing.T) {
	text := func(s *savedCopy) string {
		data, err := encodeSnapshot(s)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	good := text(saved(time.Now().Add(-time.Hour)))
	for _, c := range []struct {
		name, file string
		used       bool
	}{
		{"good", good, true},
		{"from the future", text(saved(time.Now().Add(1000 * time.Hour))), true},
		{"too old", text(saved(time.Now().Add(-25 * time.Hour))), false},
		{"torn", good[:len(good)-7], false},
		{"changed", strings.Replace(good, `"a"`, `"x"`, 1), false},
		{"of another format", strings.Replace(good, `"format":1`, `"format":2`, 1), false},
		{"empty", "", false},
		{"without a payload", `{"format":1,"checksum":"ef46db3751d8e999"}`, false},
		{"with a null", text(&savedCopy{SavedAt: time.Now(), Services: map[string]*savedService{"orders": nil}}), false},
	} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "default.json"), []byte(c.file), 0o600); err != nil {
			t.Fatal(err)
		}
		client, told := connect(t, Config{URLs: []string{nowhere}, SnapshotFolder: folder, RequestTimeout: 100 * time.Millisecond})
		orders := client.Service("orders")
		registrytest.Eventually(t, "it has tried to connect", func() bool { return told.count(EventRetrying) > 0 })
		instances, err := orders.Instances(context.Background())
		if loaded := told.count(EventSnapshotLoaded) == 1; loaded != c.used {
			t.Errorf("%s: loaded: %v", c.name, loaded)
		}
		if !c.used {
			var unknown *NotKnownError
			if !errors.As(err, &unknown) || unknown.Reason == nil || unknown.Name != "orders" {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if err != nil || ids(instances) != "a b" {
			t.Errorf("%s: %v, %v", c.name, ids(instances), err)
		}
		if age, known := orders.Age(); !known || age < 0 || c.name == "good" && age < time.Hour {
			t.Errorf("%s: age %v, known %v", c.name, age, known)
		}
		if value, err := client.Config("shop/app.yaml").Value(context.Background()); err != nil || value.Content != "k: v" {
			t.Errorf("%s: %+v, %v", c.name, value, err)
		}
		if instances, err := orders.Instances(context.Background()); err != nil || ids(instances) != "a b" {
			t.Errorf("%s: a second time: %v, %v", c.name, ids(instances), err)
		}
	}
}

func TestTheCopyIsWrittenAndReadAgain(t *testing.T) {
	server := registrytest.Start(t)
	folder := filepath.Join(t.TempDir(), "new")
	config := Config{URLs: []string{server.URL}, SnapshotFolder: folder}
	server.Put(t, "/services/orders/instances/a", `{"address":"10.0.0.1","port":80}`)
	server.Put(t, "/configs/shop/app.yaml", `{"content":"k: v","format":"yaml"}`)
	client, _ := connect(t, config)
	shows(t, client.Service("orders"), "a")
	if _, err := client.Config("shop/app.yaml").Value(limited(t)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "default.json")
	registrytest.Eventually(t, "it is written", func() bool {
		data, err := os.ReadFile(path)
		return err == nil && strings.Contains(string(data), "k: v")
	})
	server.Put(t, "/services/orders/instances/b", `{"address":"10.0.0.1","port":81}`)
	shows(t, client.Service("orders"), "a b")
	client.Close()
	if about, err := os.Stat(path); err != nil || about.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", about, err)
	}
	if entries, _ := os.ReadDir(folder); len(entries) != 1 {
		t.Errorf("what is left in the folder: %v", entries)
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	server.Kill()
	again, _ := connect(t, config)
	shows(t, again.Service("orders"), "a b")

	// The data is lost: what was known is kept, here and on disk.
	server.Wipe(t)
	server.Run(t)
	registrytest.Eventually(t, "it is connected", func() bool {
		age, _ := again.Service("orders").Age()
		return age == 0
	})
	server.Put(t, "/services/orders/instances/c", `{"address":"10.0.0.1","port":82}`)
	shows(t, again.Service("orders"), "a b c")
	if status, _ := server.Ask(t, http.MethodDelete, "/services/orders/instances/c", ""); status != http.StatusNoContent {
		t.Errorf("%d", status)
	}
	shows(t, again.Service("orders"), "a b")
	again.Close()
	if now, err := os.ReadFile(path); err != nil || string(now) != string(written) {
		t.Errorf("what nobody has confirmed is written: %s, %v", now, err)
	}
}

func TestOnlyWhatTheStreamHasToldIsWritten(t *testing.T) {
	onDisk := saved(time.Now())
	onDisk.Services["carts"] = &savedService{Revision: 3, Instances: instancesOf("c")}
	c := newLocalCopy(onDisk)
	now := func() time.Duration { return 0 }
	orders, _ := c.addService("orders", now)
	carts, _ := c.addService("carts", now)
	item, _ := c.addItem("shop", "app.yaml")
	expect := func(what string, services int, epoch string) {
		t.Helper()
		got := c.toSave(time.Now())
		switch {
		case got == nil && services > 0:
			t.Errorf("%s: nothing is written", what)
		case got != nil && (len(got.Services) != services || got.Epoch != epoch):
			t.Errorf("%s: %d services of the history %q are written", what, len(got.Services), got.Epoch)
		}
	}
	release, content := uint64(2), "k: v"
	item.apply(&configEvent{Group: "shop", Key: "app.yaml", Release: &release, Error: "no"})
	orders.shot(t, "f", 4, "a", "b")
	carts.shot(t, "f", 4, "c")
	expect("an item is from disk", 0, "")
	item.apply(&configEvent{Group: "shop", Key: "app.yaml", Release: &release, Format: "yaml", Content: &content})
	expect("all is told", 2, "f")
	carts.shot(t, "g", 1, "c")
	expect("of several histories", 0, "")
	carts.forgetHistory()
	expect("after a reset", 0, "")
	carts.shot(t, "f", 5)
	expect("an instance isn't confirmed", 0, "")
	carts.shot(t, "f", 6, "c")
	expect("it is", 2, "f")
	carts.shot(t, "", 7, "c")
	expect("the history isn't told yet", 0, "")
	carts.settle("f")
	expect("it is told", 2, "f")
}

func TestAfterARestartGoneIsGone(t *testing.T) {
	server := registrytest.Start(t)
	config := Config{URLs: []string{server.URL}, SnapshotFolder: t.TempDir()}
	server.Put(t, "/services/orders/instances/a", `{"address":"10.0.0.1","port":80}`)
	server.Put(t, "/services/orders/instances/b", `{"address":"10.0.0.1","port":81}`)
	client, _ := connect(t, config)
	shows(t, client.Service("orders"), "a b")
	client.Close()
	server.Ask(t, http.MethodDelete, "/services/orders/instances/b", "")
	again, _ := connect(t, config)
	shows(t, again.Service("orders"), "a")
}

func TestSecretsAreNotWritten(t *testing.T) {
	fake := registrytest.NewFake(t, taking)
	event := func(key, more string) string {
		return "event: config\ndata: {\"group\":\"g\",\"key\":\"" + key + "\",\"revision\":1,\"release\":1,\"format\":\"text\",\"content\":\"" + key + "-content\"" + more + "}\n\n"
	}
	both := event("open", "") + event("hidden", `,"secret":true`)
	fake.Script(both, both, both)
	folder := t.TempDir()
	client, _ := connect(t, Config{URLs: []string{fake.URL}, SnapshotFolder: folder})
	open, hidden := client.Config("g/open"), client.Config("g/hidden")
	registrytest.Eventually(t, "both are known", func() bool {
		fake.Say(both)
		a, errA := open.Value(limited(t))
		b, errB := hidden.Value(limited(t))
		return errA == nil && errB == nil && a.Content == "open-content" && b.Content == "hidden-content" && b.Secret
	})
	client.Close()
	data, err := os.ReadFile(filepath.Join(folder, "default.json"))
	if err != nil || !strings.Contains(string(data), "open-content") || strings.Contains(string(data), "hidden-content") {
		t.Errorf("%s, %v", data, err)
	}
}
