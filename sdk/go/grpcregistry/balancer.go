// The balancer: the SDK chooses for each call, and hears how it ended.

package grpcregistry

import (
	"context"
	"time"

	registry "github.com/paste-registry/paste-registry/sdk/go"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// BalancerName is the name of the balancer in a gRPC service config. The resolver chooses it.
const BalancerName = "paste_registry"

func init() {
	balancer.Register(base.NewBalancerBuilder(BalancerName, pickers{}, base.Config{HealthCheck: true}))
}

// serviceKey is where an address carries its *registry.Service.
type serviceKey struct{}

// pickers makes a picker whenever other connections are ready.
type pickers struct{}

func (pickers) Build(info base.PickerBuildInfo) balancer.Picker {
	p := &picker{ready: make(map[string]balancer.SubConn, len(info.ReadySCs))}
	for connection, about := range info.ReadySCs {
		p.ready[about.Address.Addr] = connection
		p.service, _ = about.Address.Attributes.Value(serviceKey{}).(*registry.Service)
	}
	if p.service == nil {
		return base.NewErrPicker(balancer.ErrNoSubConnAvailable)
	}
	return p
}

// picker lets the SDK choose among the instances of a service whose connections are ready.
type picker struct {
	service *registry.Service
	ready   map[string]balancer.SubConn
}

// Pick chooses the connection of a call.
func (p *picker) Pick(info balancer.PickInfo) (balancer.PickResult, error) {
	query, _ := registry.QueryFrom(info.Ctx)
	if query.Headers == nil {
		query.Headers = outgoing{info.Ctx}
	}
	pick, connection, err := p.choose(info.Ctx, query)
	if err == nil && connection == nil {
		query.Excluded = append(p.notReady(info.Ctx), query.Excluded...)
		pick, connection, err = p.choose(info.Ctx, query)
	}
	if err != nil {
		return balancer.PickResult{}, status.Error(codes.Unavailable, err.Error())
	}
	if connection == nil {
		return balancer.PickResult{}, balancer.ErrNoSubConnAvailable
	}
	begun := time.Now()
	return balancer.PickResult{SubConn: connection, Done: func(done balancer.DoneInfo) {
		if status.Code(done.Err) == codes.Canceled {
			pick.Drop() // The caller lost interest; that says nothing of the instance.
		}
		pick.Done(outcome(done.Err), time.Since(begun))
	}}, nil
}

// choose is one choice; its connection is nil if that of the instance isn't ready.
func (p *picker) choose(ctx context.Context, query registry.Query) (*registry.Pick, balancer.SubConn, error) {
	pick, err := p.service.Choose(ctx, query)
	if err != nil {
		return nil, nil, err
	}
	connection := p.ready[pick.Instance.HostPort()]
	if connection == nil {
		pick.Cancel()
	}
	return &pick, connection, nil
}

func (p *picker) notReady(ctx context.Context) []string {
	instances, _ := p.service.Instances(ctx)
	var ids []string
	for _, one := range instances {
		if p.ready[one.HostPort()] == nil {
			ids = append(ids, one.ID)
		}
	}
	return ids
}

// outcome is what the code of an RPC says of the instance: what corresponds to a 5xx is a failure.
func outcome(err error) registry.Outcome {
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Internal, codes.Unknown, codes.DataLoss:
		return registry.Failure
	case codes.ResourceExhausted:
		return registry.Overloaded
	}
	return registry.Success
}

// outgoing is the metadata of a call as headers. They are read only where a policy asks for one.
type outgoing struct{ ctx context.Context }

func (o outgoing) Values(name string) []string {
	sent, _ := metadata.FromOutgoingContext(o.ctx)
	return sent.Get(name)
}
