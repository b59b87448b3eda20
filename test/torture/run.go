package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// run is one command. It tells what it tried in lines of its output,
//
//	TORTURE<TAB>name<TAB>tried<TAB>lost<TAB>note
//
// with anything before the word; a fuzz test tells in its own way how often it was executed.
type run struct {
	name string
	args []string // of go
	fuzz bool
	race bool // under the race detector, which needs C
}

func (r run) command() []string { return append([]string{"go"}, r.args...) }

// quiet is how long a command may say nothing before a line tells that it goes on.
const quiet = 30 * time.Second

// do runs the command, streams its output, and returns what it told. stopped reports that a signal ended it.
func (r run) do(out io.Writer, stop <-chan os.Signal) (results []result, stopped bool) {
	started := time.Now()
	fmt.Fprintf(out, "\n== %s: %s\n", r.name, strings.Join(r.command(), " "))
	lines, ended, err := r.start()
	if err != nil {
		return []result{{Name: r.name, Tried: "nothing", Failed: err.Error()}}, false
	}
	heard := &heard{run: r}
	still := time.NewTicker(quiet)
	defer still.Stop()
	for lines != nil {
		select {
		case line, more := <-lines:
			if !more {
				lines = nil
				continue
			}
			still.Reset(quiet)
			if heard.line(line); r.worthTelling(line) {
				fmt.Fprintln(out, line)
			}
		case <-still.C:
			fmt.Fprintf(out, "   %s: %v\n", r.name, time.Since(started).Round(time.Second))
		case <-stop:
			stopped = true
			ended.interrupt()
		}
	}
	err = ended.wait()
	if stopped {
		err = fmt.Errorf("stopped")
	}
	return heard.results(err, time.Since(started)), stopped
}

// worthTelling leaves out what a fuzz test says of its progress every three seconds, but once in a while.
func (r run) worthTelling(line string) bool {
	return !r.fuzz || !strings.HasPrefix(line, "fuzz: elapsed") || strings.HasSuffix(strings.SplitN(line, ",", 2)[0], "0s")
}

// process is a command under way, with all that it starts.
type process struct {
	cmd  *exec.Cmd
	done chan error
}

func (p process) wait() error { return <-p.done }

// interrupt ends the command's whole group, and only that.
func (p process) interrupt() { _ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGTERM) }

// start starts the command. The channel is closed when it has ended and everything it wrote was taken.
func (r run) start() (<-chan string, process, error) {
	cmd := exec.Command("go", r.args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if r.race {
		cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	}
	pipe, writer := io.Pipe()
	cmd.Stdout, cmd.Stderr = writer, writer
	if err := cmd.Start(); err != nil {
		return nil, process{}, err
	}
	lines := make(chan string)
	go func() {
		in := bufio.NewReader(pipe)
		for {
			line, err := in.ReadString('\n')
			if line != "" {
				lines <- strings.TrimRight(line, "\n")
			}
			if err != nil {
				close(lines)
				return
			}
		}
	}()
	p := process{cmd, make(chan error, 1)}
	go func() {
		err := cmd.Wait()
		writer.Close()
		p.done <- err
	}()
	return lines, p, nil
}

// heard collects what a command told.
type heard struct {
	run    run
	told   []result
	execs  string
	failed []string // names of tests and inputs that failed
	passed int      // tests
	none   bool     // a package had no test of that name
}

var (
	execsLine = regexp.MustCompile(`execs: (\d+)`)
	failLine  = regexp.MustCompile(`^\s*--- FAIL: (\S+)`)
)

func (h *heard) line(line string) {
	if _, row, ok := strings.Cut(line, "TORTURE\t"); ok {
		if cells := strings.SplitN(row, "\t", 4); len(cells) == 4 {
			x := result{Name: cells[0], Tried: cells[1], Note: cells[3]}
			if _, err := fmt.Sscan(cells[2], &x.Lost); err != nil {
				x.Failed = "the number of what was lost cannot be read: " + cells[2]
			}
			h.told = append(h.told, x)
		}
	}
	if m := execsLine.FindStringSubmatch(line); m != nil {
		h.execs = m[1]
	}
	if strings.HasPrefix(line, "--- PASS: ") {
		h.passed++
	}
	if m := failLine.FindStringSubmatch(line); m != nil {
		h.failed = append(h.failed, m[1])
	}
	h.none = h.none || strings.Contains(line, "[no tests to run]") || strings.Contains(line, "no fuzz tests to fuzz")
}

// results is what was tried and lost, with what is not to be believed.
func (h *heard) results(err error, took time.Duration) []result {
	if h.run.fuzz && h.execs != "" {
		h.told = []result{{Name: h.run.name, Tried: h.execs + " inputs", Note: h.run.args[1]}}
	}
	if len(h.told) == 0 && h.passed > 0 {
		h.told = []result{{Name: h.run.name, Tried: fmt.Sprintf("%d tests", h.passed)}}
	}
	if len(h.told) == 0 {
		h.told = []result{{Name: h.run.name, Tried: "nothing", Failed: "it told nothing"}}
	}
	last := &h.told[len(h.told)-1]
	switch {
	case h.none:
		last.Failed = "there is no such test"
	case err != nil && len(h.failed) > 0:
		last.Failed = strings.Join(h.failed, ", ")
	case err != nil:
		last.Failed = err.Error()
	}
	if last.Failed != "" && last.Lost == 0 && len(h.failed) > 0 {
		last.Lost = 1
	}
	for i := range h.told {
		if h.run.race {
			h.told[i].Name += ", under the race detector"
		}
		h.told[i].Command = strings.Join(h.run.command(), " ")
	}
	last.Seconds = int(took.Seconds())
	return h.told
}
