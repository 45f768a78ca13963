package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/paste-registry/paste-registry/sdk/go/internal/registrytest"
)

func TestEveryCommandIsAnswered(t *testing.T) {
	server := registrytest.Start(t)
	server.Put(t, "/configs/g/k", `{"content":"hello","format":"text"}`)
	server.Put(t, "/services/a/instances/other", `{"address":"127.0.0.1","port":1}`)
	steps := []struct{ command, answer string }{
		{`{"do":"events"}`, `{"error":"not started"}`},
		{fmt.Sprintf(`{"do":"start","urls":[%q],"services":["a"],"configs":["g/k"],"snapshot_folder":%q}`, server.URL, t.TempDir()), `{"ok":true}`},
		{`{"do":"instances","service":"a","wait_ms":20000}`, `{"age_ms":0,"ids":["other"]}`},
		{`{"do":"pick","service":"a","count":10}`, `{"picked":{"other":10}}`},
		{`{"do":"call","service":"a","path":"/x","count":1}`, `{"failed":1,"ok":0}`},
		{`{"do":"config","name":"g/k","wait_ms":20000}`, `{"content":"hello","release":1}`},
		{`{"do":"config","name":"g/none","wait_ms":20000}`, `{"content":null}`},
		{`{"do":"registered"}`, `{"registered":false}`},
		{`{"do":"block","ms":1}`, `{"ok":true}`},
		{`{"do":"fly"}`, `{"error":"nothing is called \"fly\""}`},
		{`nonsense`, ``},
		{`{"do":"close"}`, `{"left":[]}`},
		{`{"do":"events"}`, ``},
	}
	var input strings.Builder
	for _, step := range steps {
		input.WriteString(step.command + "\n")
	}
	var output bytes.Buffer
	if err := run(strings.NewReader(input.String()), &output); err != nil {
		t.Fatal(err)
	}
	answers := strings.Split(strings.TrimSpace(output.String()), "\n")
	if len(answers) != len(steps)-1 {
		t.Fatalf("%d answers:\n%s", len(answers), &output)
	}
	for i, answer := range answers {
		if want := steps[i].answer; want != "" && answer != want || !json.Valid([]byte(answer)) {
			t.Errorf("%s: %s, expected %s", steps[i].command, answer, want)
		}
	}
}
