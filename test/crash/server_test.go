package crash

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/carpel/carpel/test/ledger"
)

// build compiles the command once for the test and returns its path.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "carpel")
	cmd := exec.Command("go", "build", "-o", binary, "github.com/carpel/carpel/cmd/carpel")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build carpel: %v\n%s", err, out)
	}
	return binary
}

// server is one run of the command on a data directory.
type server struct {
	ledger.Server
	ready  time.Duration // from its start until the workspace answered
	cmd    *exec.Cmd
	exited chan struct{} // closed when the process has ended and said all it had to say
	said   bytes.Buffer  // what it wrote; read only after exited
}

var address = regexp.MustCompile(`http://(127\.0\.0\.1:\d+)`)

// spawn starts the command without waiting for it to listen; listening gets its URL once it does.
func spawn(t *testing.T, binary, data string, flags ...string) (s *server, listening <-chan string) {
	t.Helper()
	s = &server{exited: make(chan struct{})}
	s.cmd = exec.Command(binary, append([]string{"serve", "--data", data, "--listen", "127.0.0.1:0", "--min-free-mb", "1"}, flags...)...)
	s.cmd.Env = append(os.Environ(), "CARPEL_API_KEY="+ledger.APIKey, "CARPEL_WRITE_KEY="+ledger.WriteKey)
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // nothing is left when the test itself dies
	out, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatalf("start carpel: %v", err)
	}
	t.Cleanup(s.kill)
	said := make(chan string, 1)
	go func() {
		defer close(s.exited)
		for lines := bufio.NewScanner(io.TeeReader(out, &s.said)); lines.Scan(); {
			if m := address.FindStringSubmatch(lines.Text()); m != nil && len(said) == 0 {
				said <- "http://" + m[1]
			}
		}
		_ = s.cmd.Wait() // killed, mostly: the test looks at what it left behind, not at how it ended
	}()
	return s, said
}

// start starts the command and returns once it answers a question about the workspace. It fails the test when the process ends, or takes a minute.
func start(t *testing.T, binary, data string, flags ...string) *server {
	t.Helper()
	began := time.Now()
	s, listening := spawn(t, binary, data, flags...)
	select {
	case url := <-listening:
		s.Server = ledger.HTTP(url)
	case <-s.exited:
		t.Fatalf("carpel does not start on what a kill left behind:\n%s", s.said.String())
	case <-time.After(time.Minute):
		s.kill()
		t.Fatalf("carpel does not listen after a minute:\n%s", s.said.String())
	}
	if err := s.Get("/api/segments", nil, &struct{}{}); err != nil { // the workspace is open, then
		t.Fatalf("carpel listens and does not answer: %v", err)
	}
	s.ready = time.Since(began)
	return s
}

// kill ends the process as a power cut would, and returns once it is gone.
func (s *server) kill() {
	_ = s.cmd.Process.Signal(syscall.SIGKILL) // it may be gone already
	<-s.exited
}

// alive fails the test when the process ended by itself.
func (s *server) alive(t *testing.T) {
	t.Helper()
	select {
	case <-s.exited:
		t.Fatalf("carpel ended by itself:\n%s", s.said.String())
	default:
	}
}

// stop ends the process in order and fails the test when that does not work.
func (s *server) stop(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatalf("stop carpel: %v", err)
	}
	<-s.exited
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		t.Fatalf("carpel ended with %d:\n%s", code, s.said.String())
	}
}

// check runs the check command, on the running server or on the directory alone, and fails the test on a difference.
func check(t *testing.T, binary, data string) {
	t.Helper()
	out, err := exec.Command(binary, "check", "--data", data).CombinedOutput()
	if err != nil {
		t.Errorf("carpel check: %v\n%s", err, out)
		return
	}
	t.Logf("carpel check: %s", strings.TrimSpace(string(out)))
}
