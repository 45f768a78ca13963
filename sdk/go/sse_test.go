package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestServerSentEvents(t *testing.T) {
	text := ": a comment\nretry: 1449\n\nid: e-1\n\nevent: snapshot\r\ndata: {\"a\":\r\ndata:1}\r\nid: e-2\r\n\r\nevent\nunknown: x\ndata: y\n\nevent: cut"
	reader := newSSEReader(strings.NewReader(text))
	for _, want := range []string{"//e-1", "snapshot/{\"a\":\n1}/e-2", "/y/"} {
		event, err := reader.next()
		if got := fmt.Sprintf("%s/%s/%s", event.name, event.data, event.id); got != want || err != nil {
			t.Errorf("%q, %v, expected %q", got, err, want)
		}
	}
	if _, err := reader.next(); !errors.Is(err, io.EOF) {
		t.Errorf("%v", err)
	}
}

func TestLinesAreBounded(t *testing.T) {
	endless := func(start, more string) io.Reader {
		return io.MultiReader(strings.NewReader(start), &repeating{text: []byte(more)})
	}
	for _, stream := range []io.Reader{endless("data: ", "x"), endless("", "data: "+strings.Repeat("x", 1<<20)+"\n")} {
		if _, err := newSSEReader(stream).next(); !errors.Is(err, errLineTooLong) {
			t.Errorf("%v", err)
		}
	}
}

// repeating is a text without an end.
type repeating struct {
	text []byte
	at   int
}

func (r *repeating) Read(buffer []byte) (int, error) {
	n := copy(buffer, r.text[r.at:])
	r.at = (r.at + n) % len(r.text)
	return n, nil
}

func FuzzStream(f *testing.F) {
	f.Add([]byte(snapshotText("orders", 3, "e-3", "a") + "event: delta\ndata: {\"service\":\"orders\",\"revision\":4}\n\n"))
	f.Add([]byte("event: config\ndata: {\"group\":\"g\",\"key\":\"k\",\"release\":1,\"content\":\"c\"}\n\nevent: reset\ndata: {\"epoch\":\"f\"}\n\n"))
	client, err := Connect(context.Background(), Config{URLs: []string{nowhere}, Logger: quiet})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { client.Close() })
	client.copy.addService("orders", client.now)
	client.copy.addItem("g", "k")
	f.Fuzz(func(t *testing.T, data []byte) {
		reader := newSSEReader(bytes.NewReader(data))
		c := &connection{stream: newStream(client)}
		for {
			event, err := reader.next()
			if err != nil || c.apply(event) != nil {
				return
			}
		}
	})
}

func FuzzSnapshotFile(f *testing.F) {
	f.Add([]byte("{\"format\":1,\"checksum\":\"ef46db3751d8e999\"}\n{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		payload := append([]byte(`{"format":1,"checksum":"`+checksum(data)+"\"}\n"), data...)
		for _, text := range [][]byte{data, payload} {
			if saved, err := decodeSnapshot(text); err == nil {
				for name := range saved.Services {
					_ = saved.service(name)
				}
			}
		}
	})
}
