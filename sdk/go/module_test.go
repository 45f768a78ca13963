package registry_test

import (
	"archive/zip"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	registry "github.com/paste-registry/paste-registry/sdk/go"
)

const (
	modulePath  = "github.com/paste-registry/paste-registry/sdk/go"
	programName = "program"
)

// readmeProgram is the whole program of the README, and what it prints.
func readmeProgram(t *testing.T) (source, output string) {
	t.Helper()
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	block := func(text, fence string) (string, string) {
		_, rest, found := strings.Cut(text, "```"+fence+"\n")
		block, rest, closed := strings.Cut(rest, "```")
		if !found || !closed {
			t.Fatalf("README.md has no block of %s", fence)
		}
		return block, rest
	}
	source, rest := block(string(data), "go")
	output, _ = block(rest, "text")
	return source, output
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// goIn runs the go command in a folder, without the network but for what environment says.
func goIn(t *testing.T, folder string, environment []string, arguments ...string) {
	t.Helper()
	command := exec.Command("go", arguments...)
	command.Dir = folder
	command.Env = append(append(os.Environ(), "GOWORK=off", "GOPROXY=off", "GONOSUMDB=*", "GOFLAGS=-mod=mod -modcacherw"), environment...)
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(arguments, " "), err, output)
	}
}

// TestTheProgramOfTheReadmeRunsInAnEmptyModule builds it twice: with the SDK's folder in place of the module, and with the
// module as a proxy serves it.
func TestTheProgramOfTheReadmeRunsInAnEmptyModule(t *testing.T) {
	source, want := readmeProgram(t)
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	proxy := packed(t, here)
	for _, c := range []struct {
		name, replace string
		environment   []string
	}{
		{"replaced", fmt.Sprintf("replace %s => %s\n", modulePath, here), nil},
		{"from a proxy", "", []string{"GOPROXY=file://" + filepath.ToSlash(proxy), "GOMODCACHE=" + t.TempDir()}},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder := t.TempDir()
			write(t, filepath.Join(folder, "main.go"), source)
			write(t, filepath.Join(folder, "go.mod"), fmt.Sprintf(
				"module example.com/%s\n\ngo 1.22\n\nrequire %s v%s\n\n%s", programName, modulePath, registry.Version, c.replace))
			goIn(t, folder, c.environment, "build", "-o", programName, ".")
			output, err := exec.Command(filepath.Join(folder, programName)).Output()
			if err != nil || string(output) != want {
				t.Errorf("it printed %q, %v; the README says %q", output, err, want)
			}
		})
	}
}

// packed is a folder that serves the module as a Go proxy does.
func packed(t *testing.T, root string) string {
	t.Helper()
	proxy := t.TempDir()
	folder := filepath.Join(proxy, filepath.FromSlash(modulePath), "@v")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	version := "v" + registry.Version
	manifest, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "list"), version+"\n")
	write(t, filepath.Join(folder, version+".mod"), string(manifest))
	write(t, filepath.Join(folder, version+".info"), fmt.Sprintf(`{"Version":%q}`, version))
	file, err := os.Create(filepath.Join(folder, version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	archive := zip.NewWriter(file)
	pack(t, archive, root, modulePath+"@"+version)
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return proxy
}

// pack adds the files of a module to its archive. Folders with a go.mod are modules of their own, and aren't in it.
func pack(t *testing.T, archive *zip.Writer, root, prefix string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil && path != root {
				return filepath.SkipDir
			}
			return nil
		}
		relative, err := filepath.Rel(root, path)
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		into, err := archive.Create(prefix + "/" + filepath.ToSlash(relative))
		if err == nil {
			_, err = into.Write(data)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
