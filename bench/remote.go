package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// remote runs an engine that is a library in a process of its own, this program as "bench child", so that its memory
// can be told apart and a restart is one. The two speak lines over the child's standard input and output:
//
//	load PEOPLE EVENTS | start | count KEY | version | stop   →   ok [NUMBER OR TEXT] | error TEXT
//
// What an answer costs is measured with the line there and back, about 20 µs, as it is with the servers and their
// sockets.
type remote struct {
	name    string
	options Options
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

var _ Engine = (*remote)(nil)

func (r *remote) PID() int {
	if r.cmd == nil {
		return 0
	}
	return r.cmd.Process.Pid
}

func (r *remote) Load(ctx context.Context, s Scale) error {
	if err := r.begin(); err != nil {
		return err
	}
	_, err := r.ask(fmt.Sprintf("load %d %d", s.People, s.Events))
	return errors.Join(err, r.Stop())
}

func (r *remote) Start(ctx context.Context) error {
	if err := r.begin(); err != nil {
		return err
	}
	_, err := r.ask("start")
	return err
}

func (r *remote) Count(_ context.Context, key string) (int64, error) {
	answer, err := r.ask("count " + key)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(answer, 10, 64)
}

func (r *remote) Version(context.Context) (string, error) { return r.ask("version") }

func (r *remote) Stop() error {
	if r.cmd == nil {
		return nil
	}
	_, err := r.ask("stop")
	err = errors.Join(err, r.in.Close(), r.cmd.Wait())
	r.cmd = nil
	return err
}

// begin starts the child.
func (r *remote) begin() error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	r.cmd = exec.Command(program, "child", "-engine", r.name, "-dir", r.options.Dir, "-threads", strconv.Itoa(r.options.Threads),
		"-memory", strconv.Itoa(r.options.MemoryMB))
	r.cmd.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(r.options.Threads))
	r.cmd.Stderr = os.Stderr
	if r.in, err = r.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	r.out = bufio.NewReader(out)
	if err := r.cmd.Start(); err != nil {
		r.cmd = nil
		return fmt.Errorf("start a process for %s: %w", r.name, err)
	}
	return nil
}

// ask sends a line and reads the answer.
func (r *remote) ask(line string) (string, error) {
	if _, err := io.WriteString(r.in, line+"\n"); err != nil {
		return "", fmt.Errorf("%s: %s: %w", r.name, line, err)
	}
	answer, err := r.out.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("%s: %s: its process ended: %w", r.name, line, err)
	}
	answer = strings.TrimSpace(answer)
	if text, ok := strings.CutPrefix(answer, "ok"); ok {
		return strings.TrimSpace(text), nil
	}
	return "", fmt.Errorf("%s: %s: %s", r.name, line, answer)
}

// serve is the other end of [remote]: it answers lines until the input ends.
func serve(ctx context.Context, e Engine, in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		text, err := obey(ctx, e, strings.Fields(lines.Text()))
		answer := "ok " + text + "\n"
		if err != nil {
			answer = "error " + strings.ReplaceAll(err.Error(), "\n", "; ") + "\n"
		}
		if _, err := io.WriteString(out, answer); err != nil {
			return errors.Join(err, e.Stop())
		}
	}
	return errors.Join(lines.Err(), e.Stop())
}

// obey does what one line asks for.
func obey(ctx context.Context, e Engine, words []string) (string, error) {
	switch {
	case len(words) == 1 && words[0] == "start":
		return "", e.Start(ctx)
	case len(words) == 1 && words[0] == "stop":
		return "", e.Stop()
	case len(words) == 1 && words[0] == "version":
		return e.Version(ctx)
	case len(words) == 2 && words[0] == "count":
		n, err := e.Count(ctx, words[1])
		return strconv.FormatInt(n, 10), err
	case len(words) == 3 && words[0] == "load":
		people, err := strconv.Atoi(words[1])
		events, err2 := strconv.Atoi(words[2])
		if err := errors.Join(err, err2); err != nil {
			return "", err
		}
		return "", e.Load(ctx, Scale{People: people, Events: events})
	}
	return "", fmt.Errorf("not understood: %q", words)
}
