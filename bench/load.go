package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// LoadTest is one run of the load driver: the real server in a process of its own, filled over HTTP, with live
// segments, under as much traffic as asked for or as it takes.
type LoadTest struct {
	Program     string // the carpel command
	Dir         string // for the server's data; emptied before
	Scale       Scale  // people and history that are there before
	Segments    int    // live ones
	Connections int    // requests at work at the same time
	Batch       int    // events of one request
	Rate        int    // events a second; 0 for as many as are taken
	Seconds     int
	Overload    bool // what happens beyond capacity, instead of traffic
	MemoryMB    int
	Log         io.Writer
}

// LoadResult is what was measured. Durations are in milliseconds.
type LoadResult struct {
	Machine       string    `json:"machine"`
	At            time.Time `json:"at"`
	People        int       `json:"people"`
	History       int64     `json:"history"` // events there before
	Segments      int       `json:"segments"`
	Connections   int       `json:"connections"`
	Batch         int       `json:"batch"`
	Rate          int       `json:"rate,omitempty"`
	Seconds       float64   `json:"seconds"`
	SeedPerSecond float64   `json:"seed_events_per_second"` // history over HTTP, before there are segments
	BuildSeconds  float64   `json:"build_seconds"`          // of all segments, one after the other
	Events        int64     `json:"events"`                 // acknowledged
	Refused       int64     `json:"refused"`                // answered 429 or 503
	PerSecond     float64   `json:"events_per_second"`
	AckP50        float64   `json:"ack_p50"`
	AckP99        float64   `json:"ack_p99"`
	AckMax        float64   `json:"ack_max"`
	Probes        int       `json:"probes"`   // seen in the feed
	SentP50       float64   `json:"sent_p50"` // from sending an event until its change of membership is in the feed
	SentP99       float64   `json:"sent_p99"`
	AckedP50      float64   `json:"acked_p50"` // from its acknowledgement; 0 when the feed was first
	AckedP99      float64   `json:"acked_p99"`
	ServerCores   float64   `json:"server_cores"`    // processor time over time
	DriverCores   float64   `json:"driver_cores"`    // of this program
	DriverShare   float64   `json:"driver_share"`    // of the processor time of both
	ServerBytes   int64     `json:"server_resident"` // at the end
	LoadBefore    string    `json:"load_average_before"`

	Overload *OverloadResult `json:"overload,omitempty"` // instead of the traffic
}

// loadTest is the command "load".
func loadTest(ctx context.Context, args []string) error {
	l := LoadTest{Log: os.Stderr}
	flags := flag.NewFlagSet("bench load", flag.ContinueOnError)
	flags.StringVar(&l.Program, "carpel", filepath.Join("..", "bin", "carpel"), "the carpel command; make build makes it")
	flags.StringVar(&l.Dir, "dir", filepath.Join(os.TempDir(), "carpel-load"), "the server's data; removed before and after")
	flags.IntVar(&l.Scale.People, "people", 50_000, "people")
	flags.IntVar(&l.Scale.Events, "events", 1_000_000, "events of history, about")
	flags.IntVar(&l.Segments, "segments", 200, "live segments")
	flags.IntVar(&l.Connections, "connections", 8, "requests at work at the same time")
	flags.IntVar(&l.Batch, "batch", 100, "events of a request")
	flags.IntVar(&l.Rate, "rate", 0, "events a second; 0 for as many as are taken")
	flags.IntVar(&l.Seconds, "seconds", 30, "how long")
	flags.IntVar(&l.MemoryMB, "memory-mb", 2048, "the server's setting of that name")
	flags.BoolVar(&l.Overload, "overload", false, "twice the rate that is taken, and a quiet workspace beside a loud one, instead of the traffic")
	jsonPath := flags.String("json", "", "write everything measured to this file")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || min(l.Scale.People, l.Scale.Events, l.Segments, l.Connections, l.Batch, l.Seconds, l.MemoryMB) < 1 || l.Rate < 0 || l.Batch > seedBatch {
		return fmt.Errorf("every number must be at least 1, batch at most %d; nothing may follow the flags", seedBatch)
	}
	result, err := l.Run(ctx)
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

// Run does the whole test. The server and its data are gone when it returns.
func (l *LoadTest) Run(ctx context.Context) (result *LoadResult, err error) {
	result = &LoadResult{Machine: machine(), At: time.Now().UTC().Truncate(time.Second), People: l.Scale.People, Connections: l.Connections, Batch: l.Batch, Rate: l.Rate,
		LoadBefore: loadAverage()}
	if err := os.RemoveAll(l.Dir); err != nil {
		return nil, err
	}
	server, err := startServer(ctx, l)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.stop(), os.RemoveAll(l.Dir)) }()
	fmt.Fprintln(l.Log, "history: sending")
	if err := l.seed(ctx, server, result); err != nil {
		return nil, fmt.Errorf("send the history: %w", err)
	}
	fmt.Fprintf(l.Log, "history: %d events, %.0f a second; building segments\n", result.History, result.SeedPerSecond)
	start := time.Now()
	if err := l.defineSegments(ctx, server); err != nil {
		return nil, fmt.Errorf("define segments: %w", err)
	}
	result.Segments, result.BuildSeconds = l.Segments, time.Since(start).Seconds()
	fmt.Fprintf(l.Log, "%d segments built in %.1f s; traffic for %d s\n", l.Segments, result.BuildSeconds, l.Seconds)
	if l.Overload {
		beyond, err := l.beyond(ctx, server)
		result.Overload = &beyond
		return result, err
	}
	return result, l.traffic(ctx, server, result)
}

// liveSegments are n definitions of all kinds; every event name is used by a good tenth of them.
func liveSegments(n int) []string {
	var out []string
	for i := range n {
		name, last := eventNames[i%len(eventNames)], 7+i%80
		plan := plans[i%len(plans)]
		switch i / len(eventNames) % 5 {
		case 0:
			out = append(out, fmt.Sprintf(`plan is %s and did "%s" at least %d times in the last %dd where (total > %d)`, plan, name, 1+i%4, last, i%120))
		case 1:
			out = append(out, fmt.Sprintf(`did "%s" with sum of total at least %d in the last %dd and seats > %d`, name, 100+i, last, i%100))
		case 2:
			out = append(out, fmt.Sprintf(`plan is %s and did "%s" on at least %d days in the last %dd`, plan, name, 2+i%3, last))
		case 3:
			out = append(out, fmt.Sprintf(`did "%s" before the last %dd and did "%s" exactly 0 times in the last %dd`, name, last, name, last))
		default:
			out = append(out, fmt.Sprintf(`sequence (did "%s" then did "%s") within %dd in the last %dd`, name, eventNames[(i+3)%len(eventNames)], 1+i%7, last))
		}
	}
	return out
}

// WriteMarkdown writes what was measured as a table.
func (r *LoadResult) WriteMarkdown(w io.Writer) error {
	if r.Overload != nil {
		return r.Overload.WriteMarkdown(w)
	}
	var b strings.Builder
	wanted := "as fast as they are taken"
	if r.Rate > 0 {
		wanted = thousands(int64(r.Rate)) + " events a second"
	}
	fmt.Fprintf(&b, "%s people, %s events of history, %d live segments; %d connections, %d events a request, %s, for %.0f s. %s. %s. Load average %s before.\n\n| | |\n|---|--:|\n",
		thousands(int64(r.People)), thousands(r.History), r.Segments, r.Connections, r.Batch, wanted, r.Seconds, r.Machine, r.At.Format("2006-01-02 15:04 UTC"), r.LoadBefore)
	for _, row := range [][2]string{
		{"events/s acknowledged, each synced and evaluated", thousands(int64(r.PerSecond))},
		{"requests refused (429, 503)", thousands(r.Refused)},
		{"acknowledgement p50 / p99 / worst, ms", fmt.Sprintf("%.1f / %.1f / %.1f", r.AckP50, r.AckP99, r.AckMax)},
		{"sent until in the feed p50 / p99, ms", fmt.Sprintf("%.1f / %.1f", r.SentP50, r.SentP99)},
		{"acknowledged until in the feed p50 / p99, ms", fmt.Sprintf("%.1f / %.1f", r.AckedP50, r.AckedP99)},
		{"probes of that", thousands(int64(r.Probes))},
		{"cores used by the server / by the load driver", fmt.Sprintf("%.2f / %.2f", r.ServerCores, r.DriverCores)},
		{"the driver's share of both", fmt.Sprintf("%.0f %%", 100*r.DriverShare)},
		{"the server's resident memory, MB", thousands(r.ServerBytes / 1_000_000)},
		{"history over HTTP without segments, events/s", thousands(int64(r.SeedPerSecond))},
		{"building all segments, s", fmt.Sprintf("%.1f", r.BuildSeconds)},
	} {
		fmt.Fprintf(&b, "| %s | %s |\n", row[0], row[1])
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// percentile returns the value that the share p of x does not exceed; 0 of none.
func percentile(x []float64, p float64) float64 {
	if len(x) == 0 {
		return 0
	}
	x = slices.Sorted(slices.Values(x))
	return x[min(len(x)-1, int(p*float64(len(x))))]
}
