// Command carpel keeps live customer segments: see carpel --help.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/carpel/carpel/internal/cli"
)

// version is set by the build: -ldflags "-X main.version=…".
var version = "devel"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Run(ctx, os.Args[1:], cli.IO{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Version: version})
	stop()
	os.Exit(code)
}
