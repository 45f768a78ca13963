// The resolver: a service's instances, from the client's copy.

package grpcregistry

import (
	"context"
	"errors"
	"strings"

	registry "github.com/paste-registry/paste-registry/sdk/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/serviceconfig"
)

// Scheme is that of targets such as registry:///orders.
const Scheme = "registry"

// With makes a gRPC client find registry:///… through client. The client must outlive it.
func With(client *registry.Client) grpc.DialOption { return grpc.WithResolvers(NewResolver(client)) }

// NewResolver finds the instances of registry:///SERVICE in the copy of client.
func NewResolver(client *registry.Client) resolver.Builder { return builder{client} }

type builder struct{ client *registry.Client }

func (b builder) Scheme() string { return Scheme }

// Build begins to follow the service that target names.
func (b builder) Build(target resolver.Target, cc resolver.ClientConn, _ resolver.BuildOptions) (resolver.Resolver, error) {
	service := b.client.Service(strings.TrimPrefix(target.URL.Path, "/"))
	ctx, cancel := context.WithCancel(context.Background())
	f := &follower{service: service, cc: cc, cancel: cancel, waited: make(chan struct{})}
	f.config = cc.ParseServiceConfig(`{"loadBalancingConfig":[{"` + BalancerName + `":{}}]}`)
	f.stop = service.OnChange(f.show)
	go f.wait(ctx)
	return f, nil
}

// follower tells a gRPC client of the instances of a service.
type follower struct {
	service *registry.Service
	cc      resolver.ClientConn
	config  *serviceconfig.ParseResult
	stop    func()
	cancel  context.CancelFunc
	waited  chan struct{}
}

// wait tells why nothing is known of the service, if nothing is in time. The calls fail then, instead of waiting.
func (f *follower) wait(ctx context.Context) {
	defer close(f.waited)
	err := f.service.Wait(ctx)
	if err != nil && !errors.Is(err, context.Canceled) {
		f.cc.ReportError(err)
	}
}

func (f *follower) show(instances []*registry.Instance) {
	state := resolver.State{ServiceConfig: f.config}
	seen := map[string]bool{}
	for _, instance := range instances {
		address := instance.HostPort()
		if instance.Status != "up" || seen[address] {
			continue
		}
		seen[address] = true
		state.Addresses = append(state.Addresses, resolver.Address{
			Addr: address, Attributes: attributes.New(serviceKey{}, f.service),
		})
	}
	// An error asks for another resolution; the next change brings one.
	_ = f.cc.UpdateState(state)
}

// ResolveNow does nothing: the copy is current.
func (f *follower) ResolveNow(resolver.ResolveNowOptions) {}

// Close stops following.
func (f *follower) Close() {
	f.stop()
	f.cancel()
	<-f.waited
}
