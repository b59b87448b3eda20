package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes"
)

// SizeTest is one run of the command "size": Carpel's engine alone, with bounded memory, is filled in a process of its
// own, killed, and started again. What a person and an event cost is to be held against another scale.
type SizeTest struct {
	Dir      string // removed before, and after unless kept
	Keep     bool
	Scale    Scale
	Names    int // different names of events
	MemoryMB int // half of it for what is held, as in the server
	Batch    int // items of a commit
	Log      io.Writer
}

// sizeStep is what a process of a size test measured.
type sizeStep struct {
	Seconds float64 // of the whole step
	CPU     float64 // seconds of all cores
	People  int64
	Events  int64
}

// sizeTest is the command "size".
func sizeTest(ctx context.Context, args []string) error {
	t := SizeTest{Log: os.Stderr}
	flags := flag.NewFlagSet("bench size", flag.ContinueOnError)
	flags.StringVar(&t.Dir, "dir", filepath.Join(os.TempDir(), "carpel-size"), "the engine's data; removed before and after")
	flags.BoolVar(&t.Keep, "keep", false, "leave the data there")
	flags.IntVar(&t.Scale.People, "people", 1_000_000, "people")
	flags.IntVar(&t.Scale.Events, "events", 20_000_000, "events, about")
	flags.IntVar(&t.Names, "names", len(eventNames), "different names of events")
	flags.IntVar(&t.MemoryMB, "memory-mb", 2048, "memory of the process")
	flags.IntVar(&t.Batch, "batch", loadBatch, "items of a commit")
	step := flags.String("step", "", "used by the command itself")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || min(t.Scale.People, t.Scale.Events, t.Names, t.Batch) < 1 || t.MemoryMB < 64 {
		return errors.New("people, events, names and batch must be at least 1, memory-mb at least 64; nothing may follow the flags")
	}
	switch *step {
	case "load":
		return t.load(ctx)
	case "open":
		return t.open(ctx)
	}
	return t.run(ctx, os.Stdout)
}

// run does the whole test and writes what was measured as a table.
func (t *SizeTest) run(ctx context.Context, w io.Writer) (err error) {
	if err := os.RemoveAll(t.Dir); err != nil {
		return err
	}
	if !t.Keep {
		defer func() { err = errors.Join(err, os.RemoveAll(t.Dir)) }()
	}
	before := loadAverage()
	fmt.Fprintln(t.Log, "loading")
	loaded, peak, err := t.child(ctx, "load")
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	fmt.Fprintln(t.Log, "killed; starting again, twice")
	var ready [2]sizeStep
	var resident int64
	for i := range ready {
		if _, err := dropCaches(t.Dir); err != nil {
			return err
		}
		if ready[i], resident, err = t.child(ctx, "open"); err != nil {
			return fmt.Errorf("open: %w", err)
		}
	}
	if ready[0].Events != loaded.Events || ready[0].People != loaded.People {
		return fmt.Errorf("%d people and %d events are there after the kill, not %d and %d", ready[0].People, ready[0].Events, loaded.People, loaded.Events)
	}
	disk, err := diskBytes(t.Dir)
	if err != nil {
		return err
	}
	items := float64(loaded.People + loaded.Events)
	fmt.Fprintf(w, "%s people, %s events under %s names, %s MB of memory allowed, %d items a commit. %s. Load average %s before.\n\n| | |\n|---|--:|\n",
		thousands(loaded.People), thousands(loaded.Events), thousands(int64(t.Names)), thousands(int64(t.MemoryMB)), t.Batch, machine(), before)
	for _, row := range [][2]string{
		{"disk, MB", thousands(disk / 1_000_000)},
		{"disk, bytes an event", fmt.Sprintf("%.1f", float64(disk)/float64(loaded.Events))},
		{"items/s while loading", thousands(int64(items / loaded.Seconds))},
		{"processor time of an item, µs, with making it up", fmt.Sprintf("%.1f", loaded.CPU*1e6/items)},
		{"resident at most while loading, MB", thousands(peak / 1_000_000)},
		{"cold start until it answers after SIGKILL / after a stop, ms", fmt.Sprintf("%.0f / %.0f", ready[0].Seconds*1000, ready[1].Seconds*1000)},
		{"resident at most in the first two seconds, MB", thousands(resident / 1_000_000)},
	} {
		if _, err := fmt.Fprintf(w, "| %s | %s |\n", row[0], row[1]); err != nil {
			return err
		}
	}
	return nil
}

// child runs a step in a process of its own, which tells what it measured in a line; then the process is killed, or, if
// it ends by itself, awaited. It returns also the most memory that it had.
func (t *SizeTest) child(ctx context.Context, step string) (result sizeStep, peak int64, err error) {
	program, err := os.Executable()
	if err != nil {
		return result, 0, err
	}
	cmd := exec.CommandContext(ctx, program, "size", "-step", step, "-dir", t.Dir, "-people", strconv.Itoa(t.Scale.People), "-events", strconv.Itoa(t.Scale.Events),
		"-names", strconv.Itoa(t.Names), "-memory-mb", strconv.Itoa(t.MemoryMB), "-batch", strconv.Itoa(t.Batch))
	cmd.Stderr = t.Log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		return result, 0, err
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &result)
	}
	if err == nil {
		peak, err = peakBytes(cmd.Process.Pid)
	}
	if err != nil || step == "load" {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()         // says that it was killed
		return result, peak, err
	}
	return result, peak, errors.Join(in.Close(), cmd.Wait())
}

// engine opens the engine with its share of the memory.
func (t *SizeTest) engine() (*stripes.DB, error) {
	bytes := int64(t.MemoryMB) << 20
	debug.SetMemoryLimit(bytes / 16 * 13)
	return stripes.Open(t.Dir, stripes.Options{Now: func() time.Time { return time.UnixMilli(now) }, Budget: stripes.NewBudget(bytes / 8 * 3)})
}

// load fills the engine, says what it took, and waits to be killed.
func (t *SizeTest) load(ctx context.Context) error {
	start := time.Now()
	db, err := t.engine()
	if err != nil {
		return err
	}
	e := &carpelEngine{db: db}
	var batch []carpel.Item
	for p := range t.Scale.All {
		batch = append(batch, identify(p))
		for i := range p.Events {
			it := happened(p, i)
			if t.Names > len(eventNames) {
				it.Name = fmt.Sprintf("Event %05d", (p.ID*31+i*i*7+p.Events[i].SKU)%t.Names)
			}
			batch = append(batch, it)
		}
		if len(batch) >= t.Batch {
			if err := e.commit(ctx, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	if err := e.commit(ctx, batch); err != nil {
		return err
	}
	return t.tell(db, start)
}

// open starts the engine and asks it a question.
func (t *SizeTest) open(ctx context.Context) error {
	start := time.Now()
	db, err := t.engine()
	if err != nil {
		return err
	}
	c, err := definitions[0].condition()
	if err == nil {
		_, err = db.Explain(ctx, engine.ExplainQuery{Person: carpel.PersonRef{UserID: (&Person{}).UserID()}, Condition: c})
	}
	if err != nil {
		return errors.Join(err, db.Close())
	}
	return errors.Join(t.tell(db, start), db.Close())
}

// tell writes what was measured, and waits until nobody listens any more.
func (t *SizeTest) tell(db *stripes.DB, start time.Time) error {
	took := time.Since(start).Seconds()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return err
	}
	st := db.Stats()
	time.Sleep(2 * time.Second) // whatever an open does in the background shows in the memory
	cpu := float64(used.Utime.Nano()+used.Stime.Nano()) / 1e9
	if err := json.NewEncoder(os.Stdout).Encode(sizeStep{took, cpu, st.People, st.Events}); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}
