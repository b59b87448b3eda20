package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"time"
)

// The keys that the server of a load test is started with.
const (
	loadAPIKey   = "ak_bench-load-0123456789abcdef0123456789"
	loadWriteKey = "sk_bench-load-0123456789abcdef0123456789"
)

// carpelServer is the real command, serving on loopback.
type carpelServer struct {
	cmd    *exec.Cmd
	url    string
	client *http.Client
	exited chan error
}

var listens = regexp.MustCompile(`http://(127\.0\.0\.1:\d+)`)

// startServer starts the command and returns once it listens.
func startServer(ctx context.Context, l *LoadTest) (*carpelServer, error) {
	program, err := filepath.Abs(l.Program)
	if err != nil {
		return nil, err
	}
	s := &carpelServer{exited: make(chan error, 1), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1024, DisableCompression: true}}}
	s.cmd = exec.Command(program, "serve", "--data", l.Dir, "--listen", "127.0.0.1:0", "--memory-mb", fmt.Sprint(l.MemoryMB))
	s.cmd.Env = append(os.Environ(), "CARPEL_API_KEY="+loadAPIKey, "CARPEL_WRITE_KEY="+loadWriteKey)
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	said, err := s.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s (make build makes it): %w", program, err)
	}
	listening := make(chan string, 1)
	go func() {
		for lines := bufio.NewScanner(said); lines.Scan(); {
			if m := listens.FindStringSubmatch(lines.Text()); m != nil && len(listening) == 0 {
				listening <- "http://" + m[1]
			}
			if bytes.Contains(lines.Bytes(), []byte("level=ERROR")) {
				fmt.Fprintln(l.Log, "server:", lines.Text())
			}
		}
		s.exited <- s.cmd.Wait()
	}()
	select {
	case s.url = <-listening:
		return s, nil
	case err := <-s.exited:
		return nil, fmt.Errorf("the server ended before it listened: %w", err)
	case <-time.After(time.Minute):
		return nil, errors.Join(errors.New("the server does not listen after a minute"), s.stop())
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), s.stop())
	}
}

// stop ends the server in order.
func (s *carpelServer) stop() error {
	s.client.CloseIdleConnections()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	if err := <-s.exited; err != nil {
		return fmt.Errorf("the server ended badly: %w", err)
	}
	return nil
}

// send posts a batch of the Segment family. It reports false when the server asks to try again later.
func (s *carpelServer) send(ctx context.Context, body []byte) (taken bool, err error) {
	return s.sendWith(ctx, loadWriteKey, body)
}

func (s *carpelServer) sendWith(ctx context.Context, key string, body []byte) (taken bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/v1/batch", bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	req.SetBasicAuth(key, "")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Strict-Mode", "1")
	answer, status, err := s.do(req)
	switch {
	case err != nil:
		return false, err
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		return false, nil
	case status != http.StatusOK:
		return false, fmt.Errorf("POST /v1/batch: %d %s", status, answer)
	}
	return true, nil
}

// ask calls the native API and decodes the answer.
func (s *carpelServer) ask(ctx context.Context, method, path string, body, out any) error {
	return s.askWith(ctx, loadAPIKey, method, path, body, out)
}

func (s *carpelServer) askWith(ctx context.Context, key, method, path string, body, out any) error {
	var in io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		in = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, in)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	answer, status, err := s.do(req)
	if err != nil {
		return err
	}
	if status >= 300 {
		return fmt.Errorf("%s %s: %d %s", method, path, status, answer)
	}
	return json.Unmarshal(answer, out)
}

func (s *carpelServer) do(req *http.Request) ([]byte, int, error) {
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return answer, resp.StatusCode, err
}
