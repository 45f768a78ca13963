package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"
)

const (
	callPairs   = 9
	callsInPair = 2_000
)

// calls is what the HTTP wrapper adds to a call through a bare http.Client, over one kept connection.
func calls(b *bench) ([]result, error) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "hello")
	}))
	defer server.Close()
	target, err := url.Parse(server.URL)
	if err != nil {
		return nil, err
	}
	body := fmt.Sprintf(`{"address":"127.0.0.1","port":%s}`, target.Port())
	if err := b.put("/services/hello/instances/one", body); err != nil {
		return nil, err
	}
	if err := b.until("hello", 1); err != nil {
		return nil, err
	}
	bareClient := &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
	defer bareClient.CloseIdleConnections()
	wrapped := b.client.HTTP()
	var overhead, own, bare []float64
	for pair := range callPairs + 1 {
		bareTime, err := gets(bareClient, server.URL+"/path")
		if err != nil {
			return nil, err
		}
		ownTime, err := gets(wrapped, "http://hello/path")
		if err != nil {
			return nil, err
		}
		if pair == 0 {
			continue // To warm up.
		}
		own, bare = append(own, callsInPair/ownTime.Seconds()), append(bare, callsInPair/bareTime.Seconds())
		overhead = append(overhead, (ownTime.Seconds()/bareTime.Seconds()-1)*100)
	}
	return []result{
		{Name: "calls through the HTTP wrapper", Value: median(own), Unit: "1/s", Reference: median(bare), Against: "a bare http.Client"},
		{Name: "overhead of the HTTP wrapper", Value: median(overhead), Unit: "%", Against: "a bare http.Client"},
	}, nil
}

func gets(client *http.Client, url string) (time.Duration, error) {
	begun := time.Now()
	for range callsInPair {
		response, err := client.Get(url)
		if err != nil {
			return 0, err
		}
		_, err = io.Copy(io.Discard, response.Body)
		response.Body.Close()
		if err != nil {
			return 0, err
		}
	}
	return time.Since(begun), nil
}
