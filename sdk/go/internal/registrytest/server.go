// Package registrytest starts real registries for tests, and a proxy that gets in their way.
package registrytest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Limit is how long tests wait for what has to happen. It is generous: the machine may be busy.
const Limit = 30 * time.Second

// Server is a registry of its own for one test.
type Server struct {
	URL     string
	address string
	folder  string
	process *exec.Cmd
}

// Start starts a registry, which ends with the test. The binary is PASTE_REGISTRY_BIN, else that of the repository.
func Start(t testing.TB) *Server {
	t.Helper()
	s, err := Launch(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	return s
}

// Launch starts a registry that keeps its data in folder.
func Launch(folder string) (*Server, error) {
	s := &Server{address: "127.0.0.1:0", folder: folder}
	return s, s.launch()
}

// Run starts the registry again after [Server.Kill], at the same address, with the data that is there.
func (s *Server) Run(t testing.TB) {
	t.Helper()
	if err := s.launch(); err != nil {
		t.Fatal(err)
	}
}

func binary() (string, error) {
	path := os.Getenv("PASTE_REGISTRY_BIN")
	if path == "" {
		_, file, _, _ := runtime.Caller(0)
		path = filepath.Join(filepath.Dir(file), "../../../../target/debug/paste-registry")
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("no registry to test with: build it (cargo build), or set PASTE_REGISTRY_BIN: %w", err)
	}
	return path, nil
}

func (s *Server) launch() error {
	path, err := binary()
	if err != nil {
		return err
	}
	told := filepath.Join(s.folder, "address")
	os.Remove(told)
	var output bytes.Buffer
	s.process = exec.Command(path, "serve", "--http", s.address, "--data-dir", s.folder)
	s.process.Stdout, s.process.Stderr = &output, &output
	// The registry takes variables that begin like this one for its options.
	s.process.Env = slices.DeleteFunc(os.Environ(), func(one string) bool { return strings.HasPrefix(one, "PASTE_REGISTRY_") })
	if err := s.process.Start(); err != nil {
		return err
	}
	for end := time.Now().Add(Limit); !s.listens(told); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			s.Kill()
			return fmt.Errorf("the registry doesn't listen; it said: %s", output.String())
		}
	}
	return nil
}

// listens says whether the registry has told its address and is ready.
func (s *Server) listens(told string) bool {
	address, err := os.ReadFile(told)
	if err != nil {
		return false
	}
	s.address = strings.TrimSpace(string(address))
	s.URL = "http://" + s.address
	request, _ := http.NewRequest(http.MethodGet, s.URL+"/readyz", nil)
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// Kill ends the registry as a crash does.
func (s *Server) Kill() {
	if s.process != nil {
		_ = s.process.Process.Signal(syscall.SIGKILL)
		_ = s.process.Wait()
		s.process = nil
	}
}

// Wipe takes all data of a registry that was killed.
func (s *Server) Wipe(t testing.TB) {
	t.Helper()
	entries, err := os.ReadDir(s.folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if err := os.RemoveAll(filepath.Join(s.folder, entry.Name())); err != nil {
			t.Fatal(err)
		}
	}
}

// Ask sends a request to the API and returns the status and body of the answer.
func (s *Server) Ask(t testing.TB, method, path, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequest(method, s.URL+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(read)
}

// Put sends a PUT that has to be taken.
func (s *Server) Put(t testing.TB, path, body string) {
	t.Helper()
	if status, answer := s.Ask(t, http.MethodPut, path, body); status >= 300 {
		t.Fatalf("PUT %s: %d %s", path, status, answer)
	}
}

// Eventually waits until condition holds, and fails the test if it doesn't in time.
func Eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(Limit); ; time.Sleep(5 * time.Millisecond) {
		if condition() {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("not in time: %s", what)
		}
	}
}
