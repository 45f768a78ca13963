package registry_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/paste-registry/paste-registry/sdk/go/internal/registrytest"
)

// sample is a sample that runs, and what it has printed.
type sample struct {
	command *exec.Cmd
	mu      sync.Mutex
	printed bytes.Buffer
}

func (s *sample) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.printed.Write(text)
}

func (s *sample) says(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Contains(s.printed.String(), text)
}

// forget begins what was printed anew.
func (s *sample) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.printed.Reset()
}

func (s *sample) awaits(t *testing.T, text string) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("%v printed:\n%s", s.command.Args, &s.printed)
		}
	}()
	registrytest.Eventually(t, "a sample prints "+text, func() bool { return s.says(text) })
}

// end interrupts the sample, and expects it to end well.
func (s *sample) end(t *testing.T) {
	t.Helper()
	if err := s.command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := s.command.Wait(); err != nil {
		t.Errorf("%v: %v", s.command.Args, err)
	}
}

// TestSamples runs the samples against the registry of the examples.
func TestSamples(t *testing.T) {
	folder := t.TempDir()
	if output, err := exec.Command("go", "build", "-o", folder+"/", "./examples/...").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	start := func(name string, arguments ...string) *sample {
		s := &sample{command: exec.CommandContext(ctx, filepath.Join(folder, name), arguments...)}
		s.command.Stdout, s.command.Stderr = s, s
		if err := s.command.Start(); err != nil {
			t.Fatal(err)
		}
		return s
	}
	watch := start("watch", "-service", "sampled")
	watch.awaits(t, "sampled has 0 instances")
	watch.awaits(t, "shop/app.yaml isn't there")
	register := start("register", "-service", "sampled", "-version", "1.4.2")
	watch.awaits(t, "sampled has 1 instances")

	discover := start("discover", "-service", "sampled", "-range", "^1.4")
	discover.awaits(t, "version 1.4.2, up, passing")
	discover.awaits(t, "peak_ewma chose")
	failover := start("failover", "-service", "sampled", "-calls", "3", "-snapshots", t.TempDir())
	failover.awaits(t, "sampled 1.4.2 at port")
	for _, s := range []*sample{discover, failover} {
		if err := s.command.Wait(); err != nil {
			t.Errorf("%v: %v", s.command.Args, err)
		}
	}
	watch.forget()
	register.end(t)
	watch.awaits(t, "sampled has 0 instances")
	watch.end(t)
}
