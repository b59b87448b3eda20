package crash

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	apiKey   = "ak_crash-test-0123456789abcdef0123456789"
	writeKey = "sk_crash-test-0123456789abcdef0123456789"
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
	url    string
	cmd    *exec.Cmd
	exited chan struct{} // closed when the process has ended and said all it had to say
	said   bytes.Buffer  // what it wrote; read only after exited
}

var address = regexp.MustCompile(`http://(127\.0\.0\.1:\d+)`)

// spawn starts the command without waiting for it to listen; ready gets its URL once it does.
func spawn(t *testing.T, binary, data string) (s *server, ready <-chan string) {
	t.Helper()
	s = &server{exited: make(chan struct{})}
	s.cmd = exec.Command(binary, "serve", "--data", data, "--listen", "127.0.0.1:0", "--min-free-mb", "1")
	s.cmd.Env = append(os.Environ(), "CARPEL_API_KEY="+apiKey, "CARPEL_WRITE_KEY="+writeKey)
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // nothing is left when the test itself dies
	out, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatalf("start carpel: %v", err)
	}
	t.Cleanup(s.kill)
	listening := make(chan string, 1)
	go func() {
		defer close(s.exited)
		for lines := bufio.NewScanner(io.TeeReader(out, &s.said)); lines.Scan(); {
			if m := address.FindStringSubmatch(lines.Text()); m != nil && len(listening) == 0 {
				listening <- "http://" + m[1]
			}
		}
		_ = s.cmd.Wait() // killed, mostly: the test looks at what it left behind, not at how it ended
	}()
	return s, listening
}

// start starts the command and returns once it listens. It fails the test when the process ends, or takes a minute.
func start(t *testing.T, binary, data string) *server {
	t.Helper()
	s, ready := spawn(t, binary, data)
	select {
	case s.url = <-ready:
	case <-s.exited:
		t.Fatalf("carpel does not start on what a kill left behind:\n%s", s.said.String())
	case <-time.After(time.Minute):
		s.kill()
		t.Fatalf("carpel does not listen after a minute:\n%s", s.said.String())
	}
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

// errRefused is an answer that tells the sender to try again later.
var errRefused = errors.New("try again later")

// ingest sends one batch of the Segment family. nil means that it was acknowledged; an error wrapping errRefused
// that it was not taken; any other network error leaves that open.
func ingest(client *http.Client, url string, batch []item) error {
	body, err := json.Marshal(map[string]any{"batch": batch})
	if err != nil {
		return err
	}
	r, err := http.NewRequest("POST", url+"/v1/batch", bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.SetBasicAuth(writeKey, "")
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Strict-Mode", "1")
	res, err := client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	switch res.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return fmt.Errorf("%w: %d", errRefused, res.StatusCode)
	}
	return &wrongAnswer{res.StatusCode, string(answer)}
}

// wrongAnswer is an answer that no batch of this test deserves.
type wrongAnswer struct {
	status int
	body   string
}

func (w *wrongAnswer) Error() string { return fmt.Sprintf("%d %s", w.status, w.body) }

// ask calls the native API and decodes the answer; it fails the test on any error.
func (s *server) ask(t *testing.T, method, path string, query url.Values, body, out any) {
	t.Helper()
	var in io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		in = bytes.NewReader(b)
	}
	r, err := http.NewRequest(method, s.url+path+"?"+query.Encode(), in)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+apiKey)
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	if res.StatusCode >= 300 {
		t.Fatalf("%s %s: %d %s", method, path, res.StatusCode, answer)
	}
	if err := json.Unmarshal(answer, out); err != nil {
		t.Fatalf("%s %s: %v in %s", method, path, err, answer)
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
