// What is registered, as its owner says it and as it is sent.

package registry

import (
	"context"
	"fmt"
	"net"
	"net/url"
)

// Registration is an instance that this process offers.
type Registration struct {
	// Service and Port are needed.
	Service string
	Port    int
	// ID is the instance's id within the service. Empty: the session and the port.
	ID string
	// Address is an IP address or host name where others reach it. Empty: that of this machine on the way to the
	// registry.
	Address string
	// Ports are further ports by name.
	Ports map[string]int
	// Protocol is what it speaks on Port, such as http or grpc.
	Protocol string
	// Version is the semantic version of the running code.
	Version string
	// Weight is its share of traffic relative to its siblings, 0 to 10000. Nil: 100.
	Weight *int
	// Zone and Region stand in for those of the client.
	Zone, Region string
	Tags         []string
	Metadata     map[string]string
	// Status is what it begins with. Empty: up.
	Status string
	// Checks are how the registry itself probes it.
	Checks []Check
}

// Check is how the registry probes an instance.
type Check struct {
	// Type is http, tcp or grpc.
	Type string `json:"type"`
	// Path is asked for with http; empty: /.
	Path string `json:"path,omitempty"`
	// Service is asked for with grpc; empty: the whole server.
	Service string `json:"service,omitempty"`
	// Port stands in for the instance's own.
	Port int `json:"port,omitempty"`
	// Interval and Timeout are durations such as 10s; empty: those of the registry.
	Interval string `json:"interval,omitempty"`
	Timeout  string `json:"timeout,omitempty"`
}

// registrationBody is a registration on the wire.
type registrationBody struct {
	Address  string            `json:"address"`
	Port     int               `json:"port"`
	Ports    map[string]int    `json:"ports,omitempty"`
	Protocol string            `json:"protocol,omitempty"`
	Version  string            `json:"version,omitempty"`
	Weight   *int              `json:"weight,omitempty"`
	Region   string            `json:"region,omitempty"`
	Zone     string            `json:"zone,omitempty"`
	Tags     []string          `json:"tags,omitempty"`
	Metadata map[string]string `json:"metadata,omitempty"`
	Status   string            `json:"status,omitempty"`
	Checks   []Check           `json:"checks,omitempty"`
	Session  string            `json:"session"`
	TTL      string            `json:"ttl"`
}

// ownAddress is this machine's on the way to the node in use: of the loopback only if the node is. Nothing is sent to
// find it.
func (c *Client) ownAddress(ctx context.Context) (string, error) {
	node, base := c.nodes.node()
	target, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, c.config.RequestTimeout)
	defer cancel()
	connection, err := new(net.Dialer).DialContext(ctx, "udp", net.JoinHostPort(target.Hostname(), orElse(target.Port(), "80")))
	if err != nil {
		c.nodes.failed(node)
		return "", &failure{cause: fmt.Errorf("the own address on the way to the registry can't be found: %w", err)}
	}
	defer connection.Close()
	return connection.LocalAddr().(*net.UDPAddr).IP.String(), nil
}
