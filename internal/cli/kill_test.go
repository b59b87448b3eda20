package cli_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/carpel/carpel/internal/records"
)

// process is carpel serve as a process of its own, which can be killed.
type process struct {
	t    *testing.T
	data string
	cmd  *exec.Cmd
}

// start starts the server and waits until it serves.
func (p *process) start() {
	p.t.Helper()
	exe, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	p.cmd = &exec.Cmd{Path: exe, Args: []string{"carpel", "serve", "--data", p.data, "--listen", "127.0.0.1:0", "--min-free-mb", "1", "--memory-mb", "256"}}
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "is ready") {
			go func() {
				for lines.Scan() { // so that the server never waits for us
				}
			}()
			return
		}
	}
	p.t.Fatalf("carpel serve ended: %v", p.cmd.Wait())
}

// kill ends the server as a crash does.
func (p *process) kill() {
	p.t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		p.t.Fatal(err)
	}
	_ = p.cmd.Wait() // says that it was killed
}

// An import goes on after kill -9, again and again, and in the end every row is there once.
func TestKilledImport(t *testing.T) {
	const rows, people = 60_000, 1000
	file := filepath.Join(t.TempDir(), "events.csv")
	var text strings.Builder
	text.WriteString("id,time,n\n")
	for n := range rows {
		fmt.Fprintf(&text, "u%d,2026-01-%02dT00:00:00Z,%d\n", n%people, 1+n%28, n)
	}
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	c := terminal{t, filepath.Join(t.TempDir(), "data")}
	p := &process{t: t, data: c.data}
	p.start()
	defer func() { p.kill() }()
	var m records.Import
	c.read(&m, "import", file, "--kind", "events", "--event", "Counted", "--no-wait")
	for kills := int64(1); kills <= 3; kills++ {
		c.waitRows(m.ID, kills*rows/5)
		p.kill()
		p.start()
	}
	p.kill()
	c.read(&m, "import", "--resume", m.ID) // without a server the command does the rest
	p.start()
	if m.State != records.ImportDone || m.Rows != rows || m.Rejected != 0 || m.Accepted+m.Repeated != rows {
		t.Errorf("the import ended as %+v", m)
	}
	var got struct{ Count int64 }
	want := fmt.Sprintf(`{"all":[{"event":"Counted","count":{"exactly":%d}},{"event":"Counted","distinct":{"of":"n","exactly":%[1]d}}]}`, rows/people)
	if c.read(&got, "segment", "preview", want); got.Count != people {
		t.Errorf("%d of %d people have each of their events once", got.Count, people)
	}
	if out, _ := c.run(0, "check"); !strings.Contains(out, " 0 differences") {
		t.Error(out)
	}
}

// waitRows waits until an import has read so many rows.
func (c terminal) waitRows(id string, rows int64) {
	c.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for {
		var m records.Import
		c.read(&m, "import", "--resume", url.PathEscape(id), "--no-wait")
		if m.State != records.ImportRunning {
			c.t.Fatalf("the import is %s after %d rows: it ended before it could be killed", m.State, m.Rows)
		}
		if m.Rows >= rows {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			b, _ := json.Marshal(m)
			c.t.Fatalf("after 30 seconds the import is not at row %s: %s", strconv.FormatInt(rows, 10), b)
		}
	}
}
