package registry

import (
	"fmt"
	"os"
	"testing"

	"github.com/paste-registry/paste-registry/sdk/go/internal/registrytest"
)

// TestMain starts the registry that the examples speak to, where they look for one.
func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	folder, err := os.MkdirTemp("", "registry-examples-")
	if err == nil {
		defer os.RemoveAll(folder)
		var server *registrytest.Server
		if server, err = registrytest.Launch(folder); err == nil {
			defer server.Kill()
			os.Setenv(EnvURL, server.URL)
			return m.Run()
		}
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}
