package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

func cores() int { return runtime.NumCPU() }

// Comparison is one run over all contenders.
type Comparison struct {
	Scale    Scale
	Dir      string // loaded data are kept here, by scale and contender
	Threads  int
	MemoryMB int
	Warm     int      // rounds of warm questions
	Cold     int      // cold questions of each kind; 0 for none
	Only     []string // names of contenders; empty for all
	Log      io.Writer
}

// contestant is a contender that takes part, and what was measured of it.
type contestant struct {
	contender
	engine Engine
	dir    string
	result *EngineResult
}

// loadedMark says what a directory holds. It is written when loading is over.
type loadedMark struct {
	Data    int     `json:"data"` // [dataVersion]
	Scale   Scale   `json:"scale"`
	Layout  string  `json:"layout"`
	Seconds float64 `json:"seconds"`
}

// Run loads what is not loaded, asks everything, and fails when two answers differ.
func (c *Comparison) Run(ctx context.Context) (result *Result, err error) {
	all, err := c.contestants()
	if err != nil {
		return nil, err
	}
	defer func() {
		for _, e := range all {
			err = errors.Join(err, e.engine.Stop())
		}
	}()
	result = c.newResult(all)
	for _, e := range all {
		if err := c.load(ctx, e); err != nil {
			return nil, fmt.Errorf("%s: load: %w", e.Name, err)
		}
	}
	if err := c.warm(ctx, all, result); err != nil {
		return nil, err
	}
	for _, e := range all {
		if err := e.engine.Stop(); err != nil {
			return nil, fmt.Errorf("%s: stop: %w", e.Name, err)
		}
	}
	if err := c.cold(ctx, all, result); err != nil {
		return nil, err
	}
	result.LoadAfter = loadAverage()
	result.summarise()
	return result, nil
}

func (c *Comparison) contestants() ([]*contestant, error) {
	var all []*contestant
	for _, one := range contenders() {
		if len(c.Only) > 0 && !slices.ContainsFunc(c.Only, func(name string) bool { return strings.EqualFold(name, one.Name) }) {
			continue
		}
		name := strings.ToLower(one.Name)
		dir := filepath.Join(c.Dir, fmt.Sprintf("%d-%d", c.Scale.People, c.Scale.Events), name)
		o := Options{Dir: filepath.Join(dir, "db"), Threads: c.Threads, MemoryMB: c.MemoryMB}
		engine := one.Open(o)
		if one.Embedded {
			engine = &remote{name: name, options: o}
		}
		all = append(all, &contestant{contender: one, engine: engine, dir: dir})
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("none of the contenders is called %s", strings.Join(c.Only, " or "))
	}
	return all, nil
}

// load fills a contender's directory, unless it holds the same data already.
func (c *Comparison) load(ctx context.Context, e *contestant) error {
	markPath := filepath.Join(e.dir, "loaded.json")
	want := loadedMark{Data: dataVersion, Scale: c.Scale, Layout: e.Layout}
	var mark loadedMark
	if data, err := os.ReadFile(markPath); err == nil {
		if err := json.Unmarshal(data, &mark); err != nil {
			return fmt.Errorf("read %s: %w", markPath, err)
		}
	}
	want.Seconds = mark.Seconds
	if mark != want {
		db := filepath.Join(e.dir, "db")
		if err := errors.Join(os.RemoveAll(e.dir), os.MkdirAll(db, 0o755)); err != nil {
			return err
		}
		fmt.Fprintf(c.Log, "%s: loading\n", e.Name)
		start := time.Now()
		if err := e.engine.Load(ctx, c.Scale); err != nil {
			return err
		}
		want.Seconds = time.Since(start).Seconds()
		data, err := json.Marshal(want)
		if err != nil {
			return err
		}
		if err := os.WriteFile(markPath, data, 0o644); err != nil {
			return err
		}
	}
	e.result.LoadSeconds = want.Seconds
	fmt.Fprintf(c.Log, "%s: loaded in %.0f s\n", e.Name, want.Seconds)
	return nil
}

// warm asks every question of everyone in turn, once to warm up and then round by round, so that what disturbs the
// machine disturbs all alike. Who begins changes with the round.
func (c *Comparison) warm(ctx context.Context, all []*contestant, result *Result) error {
	for _, e := range all {
		if err := e.engine.Start(ctx); err != nil {
			return fmt.Errorf("%s: start: %w", e.Name, err)
		}
		var err error
		if e.result.Version, err = e.engine.Version(ctx); err != nil {
			return fmt.Errorf("%s: version: %w", e.Name, err)
		}
	}
	for round := range c.Warm + 1 {
		for i, d := range definitions {
			for k := range all {
				n := (k + round) % len(all)
				took, count, err := ask(ctx, all[n], d.Key)
				if err != nil {
					return err
				}
				if err := result.agree(i, n, count); err != nil {
					return err
				}
				if round > 0 {
					result.Definitions[i].Times[n].Warm = append(result.Definitions[i].Times[n].Warm, took)
				}
			}
		}
		fmt.Fprintf(c.Log, "warm round %d of %d done\n", round, c.Warm)
	}
	for _, e := range all {
		var err error
		if e.result.ResidentBytes, err = residentBytes(e.engine.PID()); err != nil {
			return err
		}
		if e.result.DiskBytes, err = diskBytes(filepath.Join(e.dir, "db")); err != nil {
			return err
		}
	}
	return nil
}

// cold asks every question of everyone as the first one after a start, with the system's caches dropped before it.
func (c *Comparison) cold(ctx context.Context, all []*contestant, result *Result) error {
	for round := range c.Cold {
		for i, d := range definitions {
			for k := range all {
				n := (k + round) % len(all)
				e := all[n]
				how, err := dropCaches(e.dir)
				if err != nil {
					return fmt.Errorf("drop caches: %w", err)
				}
				result.ColdMeans = "restarted, " + how
				start := time.Now()
				if err := e.engine.Start(ctx); err != nil {
					return fmt.Errorf("%s: start: %w", e.Name, err)
				}
				e.result.Starts = append(e.result.Starts, milliseconds(time.Since(start)))
				took, count, err := ask(ctx, e, d.Key)
				if err := errors.Join(err, e.engine.Stop()); err != nil {
					return err
				}
				if err := result.agree(i, n, count); err != nil {
					return err
				}
				result.Definitions[i].Times[n].Cold = append(result.Definitions[i].Times[n].Cold, took)
			}
		}
		fmt.Fprintf(c.Log, "cold round %d of %d done\n", round+1, c.Cold)
	}
	return nil
}

// ask returns what an answer took, in milliseconds, and the answer.
func ask(ctx context.Context, e *contestant, key string) (took float64, count int64, err error) {
	start := time.Now()
	count, err = e.engine.Count(ctx, key)
	took = milliseconds(time.Since(start))
	if err != nil {
		err = fmt.Errorf("%s: %s: %w", e.Name, key, err)
	}
	return took, count, err
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
