// The options of a client, and their defaults.

package registry

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Version is the version of this SDK.
const Version = "0.1.0"

// Environment variables that stand in for what a [Config] leaves out.
const (
	EnvURL   = "PASTE_REGISTRY_URL"
	EnvToken = "PASTE_REGISTRY_TOKEN"
)

// registryIdleMax is how long a connection to a node is kept that nothing is asked of.
const registryIdleMax = 30 * time.Second

const defaultURL = "http://127.0.0.1:7750"

// Config says how to reach the registry. The zero value is ready for a registry on this machine.
type Config struct {
	// URLs are nodes of one registry. None: those of PASTE_REGISTRY_URL, separated by commas, else
	// http://127.0.0.1:7750.
	URLs []string
	// Token proves who asks. Empty: PASTE_REGISTRY_TOKEN, else none.
	Token string
	// Namespace is where services and configuration are looked for. Empty: default.
	Namespace string
	// Zone and Region are where this process runs. Its registrations have them unless they say otherwise.
	Zone, Region string
	// Labels are what this process says of itself, for gray releases of configuration.
	Labels map[string]string
	// SnapshotFolder is where the copy is kept for a start without the registry. Empty: nowhere.
	SnapshotFolder string
	// Heartbeat is the time between two heartbeats, ±10 %. 0: 5 s.
	Heartbeat time.Duration
	// RequestTimeout bounds each request to the registry but the stream. 0: 5 s.
	RequestTimeout time.Duration
	// DrainDelay is the time between telling that this process drains and deregistering it. 0: 2 s; below 0: none.
	DrainDelay time.Duration
	// CloseTimeout bounds all of Close, the drain delay included. 0: 10 s.
	CloseTimeout time.Duration
	// Transport carries the requests to the registry. Nil: one of its own. It is for TLS settings and proxies; the client
	// closes its idle connections.
	Transport *http.Transport
	// Logger is told what happens. Nil: slog.Default().
	Logger *slog.Logger
	// OnEvent is called with each event, from many goroutines; it should return soon. One that panics is logged.
	OnEvent func(Event)
}

var (
	nameForm       = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$`)
	instanceIDForm = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._:@#$-]{0,126}[A-Za-z0-9])?$`)
)

// complete fills in the defaults, and checks what has a form.
func (c Config) complete() (Config, error) {
	if len(c.URLs) == 0 {
		c.URLs = strings.Split(orElse(os.Getenv(EnvURL), defaultURL), ",")
	}
	c.URLs = slices.Clone(c.URLs)
	for i, text := range c.URLs {
		parsed, err := url.Parse(strings.TrimRight(strings.TrimSpace(text), "/"))
		if err != nil {
			return c, fmt.Errorf("registry URL: %w", err)
		}
		if parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" {
			return c, fmt.Errorf("registry URL %q: it has to be like %s", text, defaultURL)
		}
		c.URLs[i] = parsed.String()
	}
	c.Token = orElse(c.Token, os.Getenv(EnvToken))
	c.Namespace = orElse(c.Namespace, "default")
	if !nameForm.MatchString(c.Namespace) {
		return c, &InvalidNameError{What: "namespace", Name: c.Namespace}
	}
	c.Heartbeat = orElse(c.Heartbeat, 5*time.Second)
	c.RequestTimeout = orElse(c.RequestTimeout, 5*time.Second)
	c.DrainDelay = orElse(c.DrainDelay, 2*time.Second)
	c.CloseTimeout = orElse(c.CloseTimeout, 10*time.Second)
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Transport == nil {
		c.Transport = http.DefaultTransport.(*http.Transport).Clone()
		c.Transport.IdleConnTimeout = registryIdleMax
		c.Transport.DialContext = (&net.Dialer{Timeout: c.RequestTimeout}).DialContext
	}
	return c, nil
}

func orElse[T comparable](value, other T) T {
	var zero T
	if value == zero {
		return other
	}
	return value
}
