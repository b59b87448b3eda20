package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestMain lets the test's program stand in for the command's, which starts itself for embedded engines.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "child" {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestEveryQuestionIsAskedOfEveryone fails on a definition that does not parse or that a database has no SQL for.
func TestEveryQuestionIsAskedOfEveryone(t *testing.T) {
	for _, d := range definitions {
		if _, err := d.condition(); err != nil {
			t.Errorf("%s: %v", d.Key, err)
		}
		for name, queries := range map[string]map[string]string{"DuckDB": duckQueries, "ClickHouse": clickHouseQueries, "PostgreSQL": postgresQueries} {
			if queries[d.Key] == "" {
				t.Errorf("%s has no SQL for %s", name, d.Key)
			}
			if q := postgresNumbers(queries[d.Key]); strings.ContainsAny(q, "{}") {
				t.Errorf("%s, %s: a placeholder is left: %s", name, d.Key, q)
			}
			if len(queries) != len(definitions) {
				t.Errorf("%s has %d queries for %d definitions", name, len(queries), len(definitions))
			}
		}
	}
}

// installed returns the contenders that this machine has.
func installed(t *testing.T) []string {
	names := []string{"Carpel", "DuckDB"}
	if _, err := lookProgram("clickhouse-server", "/usr/sbin", "/usr/bin"); err == nil {
		names = append(names, "ClickHouse")
	}
	if _, err := (&postgres{}).program("postgres"); err == nil {
		names = append(names, "PostgreSQL")
	}
	t.Logf("taking part: %s", strings.Join(names, ", "))
	return names
}

// TestCompare runs the whole comparison over a few people: all that is installed must give the same answers, and the
// second run must use what the first one loaded.
func TestCompare(t *testing.T) {
	dir, err := os.MkdirTemp("", "carpel-bench-test") // not t.TempDir: the user postgres must be able to reach it
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	c := Comparison{Scale: Scale{People: 1500, Events: 30_000}, Dir: dir, Threads: 2, MemoryMB: 128, Warm: 2, Only: installed(t), Log: io.Discard}
	result, err := c.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range result.Definitions {
		if d.Count <= 0 || d.Count >= int64(c.Scale.People) {
			t.Errorf("%s matches %d of %d people: it tells nothing", d.Key, d.Count, c.Scale.People)
		}
		for n, times := range d.Times {
			if len(times.Warm) != c.Warm || times.WarmMedian <= 0 {
				t.Errorf("%s, %s: measured %v", d.Key, result.Engines[n].Name, times.Warm)
			}
		}
	}
	for _, e := range result.Engines {
		if e.DiskBytes <= 0 || e.ResidentBytes <= 0 || e.LoadSeconds <= 0 || e.Version == "" && e.Name != "Carpel" {
			t.Errorf("not measured of %s: %+v", e.Name, e)
		}
	}
	var log bytes.Buffer
	c.Log, c.Warm = &log, 1
	if _, err := c.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(log.String(), ": loading") {
		t.Errorf("the second run loads again:\n%s", log.String())
	}
}

// TestAnswersMustAgree plants a wrong answer.
func TestAnswersMustAgree(t *testing.T) {
	r := &Result{Engines: []*EngineResult{{Name: "one"}, {Name: "other"}}, Definitions: []DefinitionResult{{Key: "k"}}}
	if err := r.agree(0, 0, 0); err != nil {
		t.Fatal(err)
	}
	if err := r.agree(0, 1, 0); err != nil {
		t.Fatal(err)
	}
	if err := r.agree(0, 1, 7); err == nil || !strings.Contains(err.Error(), "other says 7") {
		t.Fatalf("a wrong answer: %v", err)
	}
}

// TestStatistics holds the medians and percentiles to examples.
func TestStatistics(t *testing.T) {
	for _, c := range []struct {
		of             []float64
		median, ninety float64
	}{{nil, 0, 0}, {[]float64{3}, 3, 3}, {[]float64{4, 1, 2, 9}, 3, 9}, {[]float64{5, 1, 3}, 3, 5}} {
		before := slices.Clone(c.of)
		if got := median(c.of); got != c.median {
			t.Errorf("median of %v is %v", c.of, got)
		}
		if got := percentile(c.of, 0.9); got != c.ninety {
			t.Errorf("p90 of %v is %v", c.of, got)
		}
		if !slices.Equal(before, c.of) {
			t.Errorf("%v was changed", before)
		}
	}
	if got := ratio(0.01) + ratio(0.5) + ratio(12.3); got != "0.01×0.5×12×" {
		t.Errorf("ratios: %s", got)
	}
	if got := thousands(1234567) + thousands(999) + thousands(-1234); got != "1,234,567999-1,234" {
		t.Errorf("thousands: %s", got)
	}
}
