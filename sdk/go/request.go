// Requests to the registry but the stream: sent once, and judged.

package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// answerBytesMax bounds what is read of an answer but the stream's.
const answerBytesMax = 1 << 20

// call is a request to the registry.
type call struct {
	method string
	// path is what follows /api/v1, its segments escaped.
	path string
	body any
	// taken are the statuses that mean success.
	taken []int
	// into, if any, is filled from the answer's body, which has to be JSON wherever there is one.
	into any
}

// failure is a request that may succeed when it is tried again.
type failure struct {
	cause error
	// retryAfter is the least to wait.
	retryAfter time.Duration
}

func (f *failure) Error() string { return f.cause.Error() }

func (f *failure) Unwrap() error { return f.cause }

func retryAfter(err error) time.Duration {
	var f *failure
	if errors.As(err, &f) {
		return f.retryAfter
	}
	return 0
}

// newRequest has what every request to the registry carries.
func (c *Client) newRequest(ctx context.Context, base, method, path string, body any) (*http.Request, error) {
	var encoded io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		encoded = bytes.NewReader(data)
	}
	target := base + "/api/v1" + path
	if c.config.Namespace != "default" {
		target += "?namespace=" + url.QueryEscape(c.config.Namespace)
	}
	request, err := http.NewRequestWithContext(ctx, method, target, encoded)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Prefer", "handling=lenient")
	request.Header.Set("User-Agent", "paste-registry-go/"+Version)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.config.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.config.Token)
	}
	return request, nil
}

// ask sends a call once. Its error is a *ProblemError if the registry refused, else a *failure.
func (c *Client) ask(ctx context.Context, call call) error {
	caller := ctx
	ctx, cancel := context.WithTimeout(caller, c.config.RequestTimeout)
	defer cancel()
	node, base := c.nodes.node()
	request, err := c.newRequest(ctx, base, call.method, call.path, call.body)
	if err != nil {
		return err
	}
	response, err := c.http.Do(request)
	if err != nil {
		if caller.Err() == nil { // Else the node has no part in it.
			c.nodes.failed(node)
		}
		return &failure{cause: err}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, answerBytesMax))
	if err == nil && slices.Contains(call.taken, response.StatusCode) && response.StatusCode != http.StatusNoContent {
		err = json.Unmarshal(body, orElse[any](call.into, new(any)))
	}
	if err != nil {
		c.nodes.failed(node)
		return &failure{cause: fmt.Errorf("the registry's answer can't be read: %w", err)}
	}
	return c.judge(node, response, body, call.taken)
}

// judge tells success, refusal and failure apart.
func (c *Client) judge(node int, response *http.Response, body []byte, taken []int) error {
	status := response.StatusCode
	if slices.Contains(taken, status) {
		c.nodes.answered(node, response.Header.Get("X-Registry-Isolated") != "", c.now())
		return nil
	}
	problem := &ProblemError{Status: status}
	var told struct{ Code, Detail string }
	if json.Unmarshal(body, &told) == nil {
		problem.Code, problem.Detail = told.Code, told.Detail
	}
	// A refusal without a code is of somebody else on the way, such as a proxy.
	refused := status >= 400 && status < 500 && status != http.StatusTooManyRequests && status != http.StatusRequestTimeout
	if refused && problem.Code != "" {
		c.nodes.answered(node, response.Header.Get("X-Registry-Isolated") != "", c.now())
		return problem
	}
	c.nodes.failed(node)
	seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
	return &failure{cause: problem, retryAfter: time.Duration(max(seconds, 0)) * time.Second}
}

func instancePath(service, id string) string {
	return "/services/" + url.PathEscape(service) + "/instances/" + url.PathEscape(id)
}
