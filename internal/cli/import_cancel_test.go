package cli_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/carpel/carpel/internal/cli"
	"github.com/carpel/carpel/internal/server"
)

// An import that a command left under way is listed with how far it is, and stopped; what was taken stays.
func TestCancelImport(t *testing.T) {
	t.Setenv("CARPEL_MIN_FREE_MB", "1")
	dir := t.TempDir()
	data, file := filepath.Join(dir, "data"), filepath.Join(dir, "people.csv")
	s, err := server.Open(t.Context(), server.Config{Data: data, MemoryMB: 64, MinFreeMB: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	var rows strings.Builder
	rows.WriteString("id,plan\n")
	for i := range 100_000 {
		fmt.Fprintf(&rows, "u%d,pro\n", i)
	}
	if err := os.WriteFile(file, []byte(rows.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if code := cli.Run(t.Context(), append(args, "--data", data), cli.IO{Out: &out, Err: &errs, Version: "test"}); code != 0 {
			t.Fatalf("carpel %v: exit code %d\n%s%s", args, code, &out, &errs)
		}
		return out.String()
	}
	id := regexp.MustCompile(`imp_\w+`).FindString(run("import", file, "--no-wait"))
	if id == "" {
		t.Fatal("no id is shown")
	}
	if list := run("import", "list"); !regexp.MustCompile(id + ` .* people +running \d+%`).MatchString(list) {
		t.Errorf("listed is\n%s", list)
	}
	if says := run("import", "cancel", id); !strings.Contains(says, "The import is cancelled.") {
		t.Errorf("it says %s", says)
	}
	if list := run("import", "list"); !regexp.MustCompile(id + ` .* people +cancelled`).MatchString(list) {
		t.Errorf("listed is\n%s", list)
	}
}
