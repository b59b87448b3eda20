package cli_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/carpel/carpel/internal/cli"
)

// On a terminal the first start shows its keys and its link to whoever sits there, and leaves no file with them.
func TestFirstStartOnTerminal(t *testing.T) {
	ours, theirs := openTerminal(t)
	data := filepath.Join(t.TempDir(), "data")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Run(ctx, []string{"serve", "--data", data, "--listen", "127.0.0.1:0", "--min-free-mb", "1", "--memory-mb", "64"}, cli.IO{Out: io.Discard, Err: theirs, Version: "test"})
	}()
	var text strings.Builder
	lines := bufio.NewScanner(ours)
	for !strings.Contains(text.String(), "Next, in another terminal") && lines.Scan() {
		text.WriteString(lines.Text() + "\n")
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("it ended with %d", code)
	}
	for _, want := range []string{"API key     ak_", "write key   sk_", "/join#"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the terminal lacks %q:\n%s", want, &text)
		}
	}
	if left, err := filepath.Glob(filepath.Join(data, "*.txt*")); err != nil || len(left) > 0 {
		t.Errorf("left are %v, %v", left, err)
	}
}

// A server that listens at every address says where a browser finds it, and no address that is none.
func TestListenEverywhere(t *testing.T) {
	ours, theirs := openTerminal(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Run(ctx, []string{"serve", "--data", filepath.Join(t.TempDir(), "data"), "--listen", "0.0.0.0:0", "--min-free-mb", "1", "--memory-mb", "64"}, cli.IO{Out: io.Discard, Err: theirs, Version: "test"})
	}()
	var text strings.Builder
	lines := bufio.NewScanner(ours)
	for !strings.Contains(text.String(), "Next, in another terminal") && lines.Scan() {
		text.WriteString(lines.Text() + "\n")
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("it ended with %d", code)
	}
	if !strings.Contains(text.String(), "set-up      http://localhost:") || !strings.Contains(text.String(), "every address of this machine") || strings.Contains(text.String(), "[::]") {
		t.Errorf("the terminal shows\n%s", &text)
	}
}

// openTerminal returns both ends of a pseudo-terminal: that of whoever sits at it, and that of the program.
func openTerminal(t *testing.T) (ours, theirs *os.File) {
	t.Helper()
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("there are no pseudo-terminals: ", err)
	}
	t.Cleanup(func() { ours.Close() })
	var number, locked int32
	for _, call := range []struct {
		request uintptr
		value   *int32
	}{{syscall.TIOCGPTN, &number}, {syscall.TIOCSPTLCK, &locked}} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, ours.Fd(), call.request, uintptr(unsafe.Pointer(call.value))); errno != 0 {
			t.Fatal(errno)
		}
	}
	if theirs, err = os.OpenFile(fmt.Sprint("/dev/pts/", number), os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { theirs.Close() })
	return ours, theirs
}
