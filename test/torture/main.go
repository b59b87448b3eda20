// Command torture runs every long form of the tests that try to lose something, streams what they say, and ends with
// one table of what was tried and what was lost. It ends with an error if anything was lost, or if anything did not
// run. From the root of the repository:
//
//	go run ./test/torture                     everything: many hours
//	go run ./test/torture -scale 0.01         a hundredth of everything
//	go run ./test/torture -only 'fuzz|kill'   some of it
//	go run ./test/torture -o run.json -md run.md
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"
)

func main() {
	scale := flag.Float64("scale", 1, "the share of every number that is tried")
	only := flag.String("only", "", "run what matches this regular expression alone")
	list := flag.Bool("list", false, "print what would run, and run nothing")
	jsonFile := flag.String("o", "", "write the results as JSON into this file")
	mdFile := flag.String("md", "", "write the table as Markdown into this file")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "there is no argument %q; see -h\n", flag.Arg(0))
		os.Exit(2)
	}
	failed, err := torture(*scale, *only, *list, *jsonFile, *mdFile)
	if err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		os.Exit(2)
	}
	if failed {
		os.Exit(1)
	}
}

func torture(scale float64, only string, list bool, jsonFile, mdFile string) (failed bool, err error) {
	pattern, err := regexp.Compile(only)
	if err != nil {
		return false, err
	}
	all, err := runs(scale)
	if err != nil {
		return false, err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	report := &report{Started: time.Now().UTC().Truncate(time.Second), Commit: commit(), Scale: scale}
	for _, r := range all {
		if !pattern.MatchString(r.name) {
			continue
		}
		if list {
			fmt.Printf("%-28s %s\n", r.name, strings.Join(r.command(), " "))
			continue
		}
		results, stopped := r.do(os.Stdout, stop)
		report.Results = append(report.Results, results...)
		report.save(jsonFile, mdFile) // also when a later one never ends
		if stopped {
			break
		}
	}
	if list {
		return false, nil
	}
	fmt.Printf("\n%s\n", report.text())
	return report.failed(), report.save(jsonFile, mdFile)
}

// report is what a run of the torture found.
type report struct {
	Started time.Time `json:"started"`
	Commit  string    `json:"commit"`
	Scale   float64   `json:"scale"`
	Results []result  `json:"results"`
}

// result is one line of the table.
type result struct {
	Name    string `json:"name"`
	Tried   string `json:"tried"`
	Lost    int    `json:"lost"`
	Note    string `json:"note,omitempty"`
	Seconds int    `json:"seconds"`
	Command string `json:"command"`
	Failed  string `json:"failed,omitempty"` // why the command is not to be believed, or what failed
}

func (r *report) failed() bool {
	for _, x := range r.Results {
		if x.Lost != 0 || x.Failed != "" {
			return true
		}
	}
	return len(r.Results) == 0
}

// save writes the files that were asked for.
func (r *report) save(jsonFile, mdFile string) error {
	if jsonFile != "" {
		data, err := json.MarshalIndent(r, "", "  ")
		if err == nil {
			err = os.WriteFile(jsonFile, append(data, '\n'), 0o644)
		}
		if err != nil {
			return err
		}
	}
	if mdFile != "" {
		return os.WriteFile(mdFile, []byte(r.markdown()), 0o644)
	}
	return nil
}

// text is the table for a terminal.
func (r *report) text() string {
	rows := [][]string{{"WHAT", "TRIED", "LOST", "TOOK", ""}}
	for _, x := range r.Results {
		rows = append(rows, []string{x.Name, x.Tried, fmt.Sprint(x.Lost), took(x.Seconds), x.said()})
	}
	widths := make([]int, 4)
	for _, row := range rows {
		for i := range widths {
			widths[i] = max(widths[i], len([]rune(row[i])))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		fmt.Fprintf(&b, "%-*s  %*s  %*s  %*s  %s\n", widths[0], row[0], widths[1], row[1], widths[2], row[2], widths[3], row[3], row[4])
	}
	verdict := "nothing was lost"
	if r.failed() {
		verdict = "SOMETHING WAS LOST, OR DID NOT RUN"
	}
	fmt.Fprintf(&b, "\n%s (commit %s, scale %g, begun %s)", verdict, r.Commit, r.Scale, r.Started.Format(time.RFC3339))
	return b.String()
}

// markdown is the table for docs/reliability.md.
func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Run of %s, commit %s, scale %g.\n\n| what | tried | lost | took | |\n|---|---:|---:|---:|---|\n", r.Started.Format("2006-01-02"), r.Commit, r.Scale)
	for _, x := range r.Results {
		fmt.Fprintf(&b, "| %s | %s | %d | %s | %s |\n", x.Name, x.Tried, x.Lost, took(x.Seconds), strings.ReplaceAll(x.said(), "|", `\|`))
	}
	return b.String()
}

func (x result) said() string {
	if x.Failed != "" {
		return "FAILED: " + x.Failed + "; " + x.Note
	}
	return x.Note
}

func took(seconds int) string { return (time.Duration(seconds) * time.Second).String() }
