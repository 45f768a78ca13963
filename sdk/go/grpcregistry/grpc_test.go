package grpcregistry

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"
	"time"

	registry "github.com/paste-registry/paste-registry/sdk/go"
	"github.com/paste-registry/paste-registry/sdk/go/internal/registrytest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func connect(t *testing.T, server *registrytest.Server) *registry.Client {
	t.Helper()
	client, err := registry.Connect(context.Background(), registry.Config{
		URLs: []string{server.URL}, Logger: quiet, DrainDelay: -1, RequestTimeout: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// backend is a gRPC server that is registered. It fails while it is broken.
type backend struct {
	served atomic.Int64
	broken atomic.Bool
	server *grpc.Server
	offer  *registry.Registered
}

func serve(t *testing.T, client *registry.Client, id string) *backend {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &backend{}
	b.server = grpc.NewServer(grpc.ChainUnaryInterceptor(UnaryServing(client), b.answer))
	healthpb.RegisterHealthServer(b.server, health.NewServer())
	go b.server.Serve(listener)
	t.Cleanup(b.server.Stop)
	b.offer, err = client.Register(context.Background(), registry.Registration{
		Service: "orders", ID: id, Port: listener.Addr().(*net.TCPAddr).Port, Protocol: "grpc",
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *backend) answer(ctx context.Context, request any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	b.served.Add(1)
	if b.broken.Load() {
		return nil, status.Error(codes.Unavailable, "broken")
	}
	return next(ctx, request)
}

func dial(t *testing.T, client *registry.Client, target string) healthpb.HealthClient {
	t.Helper()
	connection, err := grpc.NewClient(target, With(client), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	return healthpb.NewHealthClient(connection)
}

func check(caller healthpb.HealthClient) error {
	ctx, cancel := context.WithTimeout(context.Background(), registrytest.Limit)
	defer cancel()
	_, err := caller.Check(ctx, &healthpb.HealthCheckRequest{}, grpc.WaitForReady(true))
	return err
}

func TestCallsGoToInstances(t *testing.T) {
	server := registrytest.Start(t)
	offering := connect(t, server)
	one, two := serve(t, offering, "one"), serve(t, offering, "two")
	caller := dial(t, connect(t, server), "registry:///orders")
	registrytest.Eventually(t, "both are called", func() bool {
		if err := check(caller); err != nil {
			t.Fatal(err)
		}
		return one.served.Load() > 0 && two.served.Load() > 0
	})
	if err := two.offer.Deregister(context.Background()); err != nil {
		t.Fatal(err)
	}
	registrytest.Eventually(t, "the one that is gone isn't called", func() bool {
		before := two.served.Load()
		for range 20 {
			if err := check(caller); err != nil {
				t.Fatal(err)
			}
		}
		return two.served.Load() == before
	})
}

func TestFailuresEject(t *testing.T) {
	server := registrytest.Start(t)
	// In turn, so that the one that fails goes on being called: by latency it hardly would be.
	server.Put(t, "/policies/orders", `{"balancer":{"kind":"smooth_wrr"}}`)
	offering, calling := connect(t, server), connect(t, server)
	backends := []*backend{serve(t, offering, "a"), serve(t, offering, "b"), serve(t, offering, "c")}
	backends[0].broken.Store(true)
	caller := dial(t, calling, "registry:///orders")
	registrytest.Eventually(t, "the broken one is ejected", func() bool {
		_ = check(caller)
		trace, err := calling.Service("orders").Explain(context.Background(), registry.Query{})
		return err == nil && len(trace.Places) == 1 && trace.Places[0].Eligible == 3 && trace.Places[0].Healthy == 2
	})
}

func TestRulesReadMetadata(t *testing.T) {
	ctx := metadata.AppendToOutgoingContext(context.Background(), "x-beta", "1")
	if values := (outgoing{ctx}).Values("X-Beta"); len(values) != 1 || values[0] != "1" {
		t.Errorf("%v", values)
	}
	if values := (outgoing{context.Background()}).Values("X-Beta"); len(values) != 0 {
		t.Errorf("%v", values)
	}
}

func TestACallOfNobodySaysWhy(t *testing.T) {
	server := registrytest.Start(t)
	client := connect(t, server)
	ctx, cancel := context.WithTimeout(context.Background(), registrytest.Limit)
	defer cancel()
	_, err := dial(t, client, "registry:///nobody").Check(ctx, &healthpb.HealthCheckRequest{})
	if status.Code(err) != codes.Unavailable {
		t.Errorf("%v", err)
	}
	server.Kill()
	_, err = dial(t, client, "registry:///unknown").Check(ctx, &healthpb.HealthCheckRequest{})
	if status.Code(err) != codes.Unavailable || errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}
