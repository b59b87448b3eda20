// Command bench compares Carpel with ClickHouse, DuckDB and PostgreSQL over the same data: one deterministic data set is
// loaded into each, the same definitions are asked of each in turn, all answers must agree, and what was measured is
// printed. It starts and stops everything itself.
//
//	go run . -people 200000 -events 4000000 -dir /var/tmp/carpel-bench -json result.json
//	go run . load -carpel ../bin/carpel
//
// The second puts the real server under load instead and measures ingestion with live segments. A third, size, tells
// what people and events cost of disk, memory and time at any scale, and how fast an engine is there after a kill; a
// fourth, workspaces, what many of them cost of which few have traffic.
//
// The databases are Debian's clickhouse-server and postgresql; DuckDB is linked in, which takes a C compiler. This is a
// module of its own, so that none of it burdens Carpel's build.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	args := os.Args[1:]
	run := compare
	if len(args) > 0 {
		switch args[0] {
		case "child":
			run, args = child, args[1:]
		case "load":
			run, args = loadTest, args[1:]
		case "size":
			run, args = sizeTest, args[1:]
		case "workspaces":
			run, args = workspacesTest, args[1:]
		}
	}
	if err := run(ctx, args); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// compare is the command without a word.
func compare(ctx context.Context, args []string) error {
	c := Comparison{Log: os.Stderr}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&c.Scale.People, "people", 1_000_000, "people")
	flags.IntVar(&c.Scale.Events, "events", 20_000_000, "events, about")
	flags.StringVar(&c.Dir, "dir", filepath.Join(os.TempDir(), "carpel-bench"), "keeps the loaded data, to be used again; the user postgres must be able to reach it")
	flags.IntVar(&c.Threads, "threads", 2, "cores that one question may use")
	flags.IntVar(&c.MemoryMB, "memory", 3072, "MB that an engine may cache by itself")
	flags.IntVar(&c.Warm, "runs", 9, "warm rounds")
	flags.IntVar(&c.Cold, "cold", 3, "cold rounds; 0 for none")
	only := flags.String("only", "", "contenders, by name, with commas between them; all if empty")
	jsonPath := flags.String("json", "", "write everything measured to this file")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || c.Scale.People < 1 || c.Scale.Events < 1 || c.Threads < 1 || c.MemoryMB < 64 || c.Warm < 1 || c.Cold < 0 {
		return errors.New("people, events, threads and runs must be at least 1, memory at least 64; nothing may follow the flags")
	}
	if *only != "" {
		c.Only = strings.Split(*only, ",")
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return err
	}
	c.Dir = dir
	result, err := c.Run(ctx)
	if err != nil {
		return err
	}
	if *jsonPath != "" {
		data, err := json.MarshalIndent(result, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(*jsonPath, append(data, '\n'), 0o644); err != nil {
			return err
		}
	}
	return result.WriteMarkdown(os.Stdout)
}

// child is the other end of [remote].
func child(ctx context.Context, args []string) error {
	var o Options
	flags := flag.NewFlagSet("bench child", flag.ContinueOnError)
	name := flags.String("engine", "", "which")
	flags.StringVar(&o.Dir, "dir", "", "its data")
	flags.IntVar(&o.Threads, "threads", 2, "cores")
	flags.IntVar(&o.MemoryMB, "memory", 3072, "MB")
	if err := flags.Parse(args); err != nil {
		return err
	}
	for _, one := range contenders() {
		if one.Embedded && strings.EqualFold(one.Name, *name) {
			return serve(ctx, one.Open(o), os.Stdin, os.Stdout)
		}
	}
	return fmt.Errorf("no contender in a process of ours is called %s", *name)
}
