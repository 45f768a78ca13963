package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// batchMax is how many registrations one request may have.
const batchMax = 1000

// fill registers instances 0 to n - 1 of a service.
func (b *bench) fill(service string, n int) error {
	for from := 0; from < n; from += batchMax {
		var items []map[string]any
		for i := from; i < min(n, from+batchMax); i++ {
			items = append(items, map[string]any{
				"action": "register", "service": service, "id": fmt.Sprintf("instance-%05d", i),
				"instance": map[string]any{
					"address": fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255), "port": 8080, "version": "1.4.2", "zone": "eu-1a",
					"region": "eu-1", "tags": []string{"blue"}, "metadata": map[string]string{"build": fmt.Sprint(i)}, "session": "bench",
					"ttl": "1h", "remove_after": "2h",
				},
			})
		}
		body, err := json.Marshal(map[string]any{"items": items})
		if err != nil {
			return err
		}
		if err := b.send(http.MethodPost, "/batch", body); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) put(path, body string) error { return b.send(http.MethodPut, path, []byte(body)) }

func (b *bench) send(method, path string, body []byte) error {
	request, err := http.NewRequest(method, b.server.URL+"/api/v1"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: %s %s", method, path, response.Status, answer)
	}
	return err
}
