package cli_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carpel/carpel/internal/records"
	"github.com/carpel/carpel/internal/server"
)

// A directory that is damaged is looked at as far as it goes: an engine that does not open is a difference of its
// workspace, records that cannot be read are told by their own name, and neither is changed.
func TestCheckDamaged(t *testing.T) {
	c := terminal{t, filepath.Join(t.TempDir(), "data")}
	s, err := server.Open(t.Context(), server.Config{Data: c.data, MinFreeMB: 1, MemoryMB: 64})
	if err != nil {
		t.Fatal(err)
	}
	lost := s.Local().Workspace
	if err := s.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	c.run(0, "workspace", "create", "whole")
	file := filepath.Join(c.data, "records.db")
	db, err := records.Open(t.Context(), file, records.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.SetDue(t.Context(), records.Due{Workspace: lost, Acknowledged: 1000}), db.Close()); err != nil {
		t.Fatal(err)
	}
	out, said := c.run(3, "check")
	for _, want := range []string{"engine " + lost + ": workspace " + lost + " has lost data", "  whole  ", " 1 differences"} {
		if !strings.Contains(out, want) {
			t.Errorf("the report lacks %q:\n%s%s", want, out, said)
		}
	}

	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	damaged := append([]byte("not what SQLite writes"), whole[22:]...)
	if err := os.WriteFile(file, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, said := c.run(1, "check"); !strings.Contains(said, "open records "+file) {
		t.Errorf("it says %s", said)
	}
	if now, err := os.ReadFile(file); err != nil || string(now) != string(damaged) {
		t.Errorf("the records were changed: %v", err)
	}
}
