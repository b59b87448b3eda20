package server_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/server"
)

// A made-up company is founded once, and whole.
func TestDemo(t *testing.T) {
	s := open(t, func(c *server.Config) { c.Demo = carpel.Demo{People: 300, Days: 30, Seed: 1} })
	c := client{t, s, adminKey}
	if a := c.want(200, "GET /api/workspace", nil); a.get("demo.people") != 300.0 || a.get("demo.ready") != false || a.get("name") != "demo" {
		t.Errorf("the workspace is %s", a.body)
	}
	told := 0
	for range 2 {
		if err := s.FoundDemo(t.Context(), func(people int) { told = people }); err != nil {
			t.Fatal(err)
		}
	}
	if a := c.want(200, "GET /api/workspace", nil); a.get("demo.ready") != true || told == 0 {
		t.Errorf("after %d people the workspace is %s", told, a.body)
	}
	if a := c.want(200, "GET /api/overview", nil); a.get("stats.people") != 300.0 {
		t.Errorf("the overview is %s", a.body)
	}
	if a := c.want(200, "GET /api/segments/beta-testers", nil); a.get("count") != 5.0 {
		t.Errorf("the beta testers are %s", a.body)
	}
	c.want(409, "DELETE /api/workspace", nil)
}

// A company needs no beta testers: their segment may be deleted before it is made up.
func TestDemoWithoutTesters(t *testing.T) {
	s := open(t, func(c *server.Config) { c.Demo = carpel.Demo{People: 20, Days: 5, Seed: 1} })
	c := client{t, s, adminKey}
	c.want(204, "DELETE /api/segments/beta-testers", nil)
	if err := s.FoundDemo(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if a := c.want(200, "GET /api/workspace", nil); a.get("demo.ready") != true {
		t.Errorf("the workspace is %s", a.body)
	}
}

// A server holds five demos, and says so to whoever asks for a sixth.
func TestDemosAtMost(t *testing.T) {
	c := client{t, open(t, nil), adminKey}
	admin := c.join("admin")
	var last string
	for range 5 {
		last = admin.want(201, "POST /api/workspaces", map[string]any{"name": "Demo", "demo": true}).get("workspace.id").(string)
	}
	if a := admin.want(409, "POST /api/workspaces", map[string]any{"name": "Demo", "demo": true}); !strings.Contains(string(a.body), "delete one first") {
		t.Errorf("the sixth is %s", a.body)
	}
	admin.want(201, "POST /api/workspaces", map[string]any{"name": "Real"})
	admin.want(204, "DELETE /api/workspace", nil, "Carpel-Workspace", last)
	admin.want(201, "POST /api/workspaces", map[string]any{"name": "Demo", "demo": true})
}

// A company is not made up among real people.
func TestDemoOverRealData(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	for _, demo := range []carpel.Demo{{}, {People: 10, Days: 10, Seed: 1}} {
		s, err := server.Open(t.Context(), server.Config{Data: dir, Demo: demo, MemoryMB: 64, MinFreeMB: 1})
		if demo.People > 0 {
			if carpel.ErrorCode(err) != carpel.CodeConflict || !strings.Contains(err.Error(), "no made-up company") {
				t.Errorf("the error is %v", err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// A demo is a workspace beside the others, and goes with everything that was kept of it; real data stay.
func TestDemoWorkspace(t *testing.T) {
	var dir string
	s := open(t, func(c *server.Config) { dir = c.Data })
	c := client{t, s, adminKey}
	ann := c.join("admin")
	made := ann.want(201, "POST /api/workspaces", map[string]any{"name": "Demo", "demo": true})
	id := made.get("workspace.id").(string)
	in := client{t, s, made.get("key.secret").(string)}
	in.define("Pro", "plan is pro")
	in.bringIn("kind=people&format=csv", []byte("id,plan\nu1,pro\n"))
	only := in.join("viewer")
	if a := ann.want(200, "GET /api/session", nil, "Carpel-Workspace", id); a.get("workspaces.1.workspace.demo.people") == nil || a.get("workspace.demo.ready") != false {
		t.Errorf("the session is %s", a.body)
	}
	engineDir := filepath.Join(dir, "workspaces", id)
	if _, err := os.Stat(engineDir); err != nil {
		t.Fatal(err)
	}

	c.want(409, "DELETE /api/workspace", nil) // real data
	only.want(403, "DELETE /api/workspace", nil)
	ann.want(204, "DELETE /api/workspace", nil, "Carpel-Workspace", id)
	in.want(401, "GET /api/segments", nil)
	only.want(401, "GET /api/session", nil)
	ann.want(404, "GET /api/segments", nil, "Carpel-Workspace", id)
	if a := ann.want(200, "GET /api/session", nil); strings.Contains(string(a.body), id) {
		t.Errorf("the session is %s", a.body)
	}
	if a := c.want(200, "GET /api/audit", nil); a.get("audit.0.action") != "workspace.remove" || a.get("audit.0.object") != id {
		t.Errorf("the audit log is %s", a.body)
	}
	if err := s.SweepRemoved(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(engineDir); !os.IsNotExist(err) {
		t.Errorf("the directory stays: %v", err)
	}
	c.want(200, "GET /api/segments", nil)
}

// stubborn is a disk on which no directory can be removed while it is told so.
type stubborn struct {
	vfs.FS
	on *bool
}

func (d stubborn) RemoveAll(name string) error {
	if *d.on {
		return syscall.EBUSY
	}
	return d.FS.RemoveAll(name)
}

// A directory that cannot be removed holds up neither the server nor the directories of others, and goes an hour later.
func TestDirectoryThatStays(t *testing.T) {
	var dir string
	stays, now := true, time.Now()
	s := open(t, func(c *server.Config) {
		dir, c.FS, c.Now = c.Data, stubborn{vfs.Default, &stays}, func() time.Time { return now }
	})
	ann := client{t, s, adminKey}.join("admin")
	id := ann.want(201, "POST /api/workspaces", map[string]any{"name": "Demo", "demo": true}).get("workspace.id").(string)
	ann.want(200, "GET /api/segments", nil, "Carpel-Workspace", id) // opens its engine
	ann.want(204, "DELETE /api/workspace", nil, "Carpel-Workspace", id)
	sweep := func(there bool) {
		t.Helper()
		if err := s.SweepRemoved(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "workspaces", id)); os.IsNotExist(err) == there {
			t.Errorf("the directory is there: %v, wanted %v", !there, there)
		}
	}
	sweep(true)
	stays = false
	sweep(true) // not yet again
	now = now.Add(time.Hour)
	sweep(false)
	sweep(false)
}
