package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Result is what a comparison measured. Durations are in milliseconds unless the name says otherwise.
type Result struct {
	Machine     string             `json:"machine"`
	At          time.Time          `json:"at"`
	People      int                `json:"people"`
	Events      int64              `json:"events"`
	Threads     int                `json:"threads"`
	MemoryMB    int                `json:"memory_mb"`
	Rounds      int                `json:"rounds"`
	LoadBefore  string             `json:"load_average_before"`
	LoadAfter   string             `json:"load_average_after"`
	ColdMeans   string             `json:"cold_means,omitempty"`
	Engines     []*EngineResult    `json:"engines"`
	Definitions []DefinitionResult `json:"definitions"`
}

// EngineResult is what was measured of one contender as a whole.
type EngineResult struct {
	Name          string    `json:"name"`
	Version       string    `json:"version"`
	Layout        string    `json:"layout"`
	LoadSeconds   float64   `json:"load_seconds"`
	DiskBytes     int64     `json:"disk_bytes"`       // after the warm rounds
	ResidentBytes int64     `json:"resident_bytes"`   // after the warm rounds
	Starts        []float64 `json:"starts,omitempty"` // from the start of the process until it answers, caches dropped
}

// DefinitionResult is what one question took, by contender, in the order of Result.Engines.
type DefinitionResult struct {
	Key   string  `json:"key"`
	What  string  `json:"what"`
	Text  string  `json:"text"`
	Count int64   `json:"count"` // of all contenders: the comparison fails otherwise
	Times []Times `json:"times"`
	asked bool
}

// Times are all measurements of one question and one contender.
type Times struct {
	Warm       []float64 `json:"warm"`
	Cold       []float64 `json:"cold,omitempty"`
	WarmMedian float64   `json:"warm_median"`
	ColdMedian float64   `json:"cold_median,omitempty"`
}

func (c *Comparison) newResult(all []*contestant) *Result {
	r := &Result{Machine: machine(), At: time.Now().UTC().Truncate(time.Second), People: c.Scale.People, Threads: c.Threads, MemoryMB: c.MemoryMB, Rounds: c.Warm,
		LoadBefore: loadAverage()}
	for p := range c.Scale.All {
		r.Events += int64(len(p.Events))
	}
	for _, e := range all {
		e.result = &EngineResult{Name: e.Name, Layout: strings.Join(strings.Fields(e.Layout), " ")}
		r.Engines = append(r.Engines, e.result)
	}
	for _, d := range definitions {
		r.Definitions = append(r.Definitions, DefinitionResult{Key: d.Key, What: d.What, Text: strings.Join(strings.Fields(d.Text), " "), Times: make([]Times, len(all))})
	}
	return r
}

// agree notes the answer of contender n to question i, and fails when another one was given before.
func (r *Result) agree(i, n int, count int64) error {
	d := &r.Definitions[i]
	if !d.asked {
		d.Count, d.asked = count, true
	}
	if d.Count != count {
		return fmt.Errorf("%s: %s says %d, before it was %d: %s", d.Key, r.Engines[n].Name, count, d.Count, d.Text)
	}
	return nil
}

func (r *Result) summarise() {
	for i := range r.Definitions {
		for n := range r.Definitions[i].Times {
			t := &r.Definitions[i].Times[n]
			t.WarmMedian, t.ColdMedian = median(t.Warm), median(t.Cold)
		}
	}
}

// median returns the middle value, the mean of the two in the middle of an even number, and 0 of none.
func median(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	x = slices.Sorted(slices.Values(x))
	return (x[(len(x)-1)/2] + x[len(x)/2]) / 2
}

// WriteMarkdown writes the tables: what each question took, warm and cold, and what each contender needed.
func (r *Result) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s people, %s events. %s. %s. Each engine may use %d cores and %d MB for its own caches.\nLoad average %s before, %s after.\n\n",
		thousands(int64(r.People)), thousands(r.Events), r.Machine, r.At.Format("2006-01-02 15:04 UTC"), r.Threads, r.MemoryMB, r.LoadBefore, r.LoadAfter)
	fmt.Fprintf(&b, "Warm: median of %d in milliseconds; in parentheses, how many times %s's.\n\n", r.Rounds, r.Engines[0].Name)
	r.table(&b, func(t Times) float64 { return t.WarmMedian })
	if r.ColdMeans != "" {
		fmt.Fprintf(&b, "\nCold (%s): median of %d, milliseconds.\n\n", r.ColdMeans, len(r.Definitions[0].Times[0].Cold))
		r.table(&b, func(t Times) float64 { return t.ColdMedian })
	}
	b.WriteString("\n| |")
	for _, e := range r.Engines {
		fmt.Fprintf(&b, " %s |", strings.TrimSpace(e.Name+" "+e.Version))
	}
	b.WriteString("\n|---|" + strings.Repeat("--:|", len(r.Engines)) + "\n")
	r.row(&b, "load, s", func(e *EngineResult) string { return fmt.Sprintf("%.0f", e.LoadSeconds) })
	r.row(&b, "events/s while loading", func(e *EngineResult) string { return thousands(int64(float64(r.Events) / e.LoadSeconds)) })
	r.row(&b, "disk, MB", func(e *EngineResult) string { return thousands(e.DiskBytes / 1_000_000) })
	r.row(&b, "disk, bytes an event", func(e *EngineResult) string { return fmt.Sprintf("%.1f", float64(e.DiskBytes)/float64(r.Events)) })
	r.row(&b, "resident, MB", func(e *EngineResult) string { return thousands(e.ResidentBytes / 1_000_000) })
	if r.ColdMeans != "" {
		r.row(&b, "cold start until it answers, ms", func(e *EngineResult) string { return fmt.Sprintf("%.0f", median(e.Starts)) })
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Result) row(b *strings.Builder, what string, cell func(*EngineResult) string) {
	fmt.Fprintf(b, "| %s |", what)
	for _, e := range r.Engines {
		b.WriteString(" " + cell(e) + " |")
	}
	b.WriteString("\n")
}

func (r *Result) table(b *strings.Builder, value func(Times) float64) {
	b.WriteString("| condition | people |")
	for _, e := range r.Engines {
		b.WriteString(" " + e.Name + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("--:|", 1+len(r.Engines)) + "\n")
	for _, d := range r.Definitions {
		fmt.Fprintf(b, "| %s | %s |", d.What, thousands(d.Count))
		first := value(d.Times[0])
		for n, t := range d.Times {
			fmt.Fprintf(b, " %.1f", value(t))
			if n > 0 {
				fmt.Fprintf(b, " (%s)", ratio(value(t)/first))
			}
			b.WriteString(" |")
		}
		b.WriteString("\n")
	}
}

// ratio writes how many times, with about two figures that count.
func ratio(x float64) string {
	switch {
	case x < 0.095:
		return fmt.Sprintf("%.2f×", x)
	case x < 9.95:
		return fmt.Sprintf("%.1f×", x)
	}
	return fmt.Sprintf("%.0f×", x)
}

// thousands writes a number with commas.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
