package enginetest

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // zones are the same on every machine

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// opener opens a side for one case.
type opener func(t testing.TB, clock *clock, zone *time.Location) side

// readScripts returns every case of testdata.
func readScripts(t testing.TB) map[string][]scriptCase {
	t.Helper()
	files, err := fs.Glob(scriptFiles, "testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("find the scripts: %v, %v", files, err)
	}
	all := map[string][]scriptCase{}
	for _, f := range files {
		source, err := fs.ReadFile(scriptFiles, f)
		if err != nil {
			t.Fatal(err)
		}
		cases, err := parseScript(f, string(source))
		if err != nil {
			t.Fatal(err)
		}
		all[f] = cases
	}
	return all
}

// runScripts runs every case on a side of its own, and says how many there were.
func runScripts(t *testing.T, open opener) {
	all := readScripts(t)
	n := 0
	for _, file := range slices.Sorted(func(yield func(string) bool) {
		for f := range all {
			if !yield(f) {
				return
			}
		}
	}) {
		theme := strings.TrimSuffix(strings.TrimPrefix(file, "testdata/"), ".txt")
		t.Run(theme, func(t *testing.T) {
			for _, c := range all[file] {
				if !strings.Contains(c.name, *onlyCase) {
					continue
				}
				n++
				t.Run(c.name, func(t *testing.T) { runCase(t, c, open) })
			}
		})
	}
	t.Logf("%d cases", n)
}

// scriptRun is one case under way.
type scriptRun struct {
	t        testing.TB
	open     opener
	clock    *clock
	zone     *time.Location
	side     side                         // nil before the first statement that needs it
	at       string                       // file and line
	keys     map[string]string            // by how the script calls a person
	versions map[string]engine.Definition // segments defined
	batching bool
	batch    []carpel.Item
}

func runCase(t testing.TB, c scriptCase, open opener) {
	r := &scriptRun{t: t, open: open, clock: &clock{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}, zone: time.UTC,
		keys: map[string]string{}, versions: map[string]engine.Definition{}}
	for _, l := range c.lines {
		r.at = l.at
		if err := r.statement(l); err != nil {
			t.Fatalf("%s: %s: %v", l.at, l.text, err)
		}
	}
}

func (r *scriptRun) errorf(format string, args ...any) {
	r.t.Helper()
	r.t.Errorf("%s: %s", r.at, fmt.Sprintf(format, args...))
}

// statement runs one line.
func (r *scriptRun) statement(l scriptLine) error {
	head, definition, hasDefinition := strings.Cut(l.text, ":")
	verb, _, _ := strings.Cut(strings.TrimSpace(head), " ")
	if asks := []string{"segment", "who", "why", "invalid"}; hasDefinition && slices.Contains(asks, verb) {
		if verb == "who" || verb == "why" {
			// A time holds colons too: the definition begins behind a colon and a blank.
			head, definition, _ = strings.Cut(l.text, ": ")
		}
		return r.question(verb, words(head)[1:], strings.TrimSpace(definition), l.wanted)
	}
	args := words(l.text)
	verb, args = args[0], args[1:]
	if _, isItem := itemVerbs()[verb]; isItem {
		return r.item(verb, args, l.wanted)
	}
	switch verb {
	case "zone":
		return r.setZone(args)
	case "at":
		return r.setClock(strings.Join(args, " "))
	}
	return r.command(verb, args, l.wanted)
}

// ready opens the side.
func (r *scriptRun) ready() side {
	if r.side == nil {
		r.side = r.open(r.t, r.clock, r.zone)
	}
	return r.side
}

func (r *scriptRun) setZone(args []string) error {
	zone, err := time.LoadLocation(args[0])
	if err != nil {
		return err
	}
	r.zone = zone
	if r.side == nil {
		return nil
	}
	return r.side.setZone(zone)
}

func (r *scriptRun) setClock(s string) error {
	at, err := r.parseTime(s)
	if err == nil {
		r.clock.now = at.Time()
	}
	return err
}

// command runs a statement that is no item and has no definition.
func (r *scriptRun) command(verb string, args []string, wanted string) error {
	s := r.ready()
	switch verb {
	case "advance":
		if args[0] == "to" {
			if err := r.setClock(strings.Join(args[1:], " ")); err != nil {
				return err
			}
		} else {
			d, err := scriptDuration(args[0])
			if err != nil {
				return err
			}
			r.clock.now = (carpel.MillisOf(r.clock.now) + d).Time()
		}
		return s.advance()
	case "batch":
		r.batching = true
		return nil
	case "end":
		r.batching = false
		items := r.batch
		r.batch = nil
		_, err := r.commit(items)
		return err
	case "manual":
		d := engine.Definition{ID: args[0], Key: args[0] + "-key", Version: 1, Manual: true}
		return refusedWith(s.define(d), wanted)
	case "drop":
		return refusedWith(s.drop(args[0]), wanted)
	case "pause":
		return refusedWith(s.pause(args[0]), wanted)
	case "resume":
		return refusedWith(s.resume(args[0]), wanted)
	case "restart":
		return s.restart()
	case "members":
		return r.members(args[0], wanted)
	case "entered":
		return r.entered(args[0], args[1], wanted)
	case "changes":
		return r.changes(wanted)
	case "person":
		return r.person(args[0], wanted)
	}
	return fmt.Errorf("no such statement")
}

// refusedWith checks that an error is the one wanted ("refused CODE"), or none.
func refusedWith(err error, wanted string) error {
	code, _ := strings.CutPrefix(wanted, "refused ")
	switch {
	case code == "":
		return err
	case err == nil:
		return fmt.Errorf("was accepted; wanted %s", wanted)
	case carpel.ErrorCode(err) != code:
		return fmt.Errorf("wanted %s, got %s: %w", wanted, carpel.ErrorCode(err), err)
	}
	return nil
}

// item runs the statement of an item, or puts it into the batch.
func (r *scriptRun) item(verb string, args []string, wanted string) error {
	items, err := r.items(verb, args)
	if err != nil {
		return err
	}
	if r.batching {
		if wanted != "" {
			return fmt.Errorf("what comes of an item is asked outside of a batch")
		}
		r.batch = append(r.batch, items...)
		return nil
	}
	outcomes, err := r.commit(items)
	if err != nil {
		return err
	}
	for _, out := range outcomes {
		if got := outcomeWords(out); !strings.Contains(" "+got+" ", " "+wanted+" ") || wanted == "" && got != "" {
			return fmt.Errorf("came out %q, wanted %q", got, wanted)
		}
	}
	return nil
}

// outcomeWords says in a script's words what became of an item.
func outcomeWords(out engine.Outcome) string {
	switch {
	case out.Repeated:
		return "repeated"
	case out.Refused != nil:
		return "refused " + out.Refused.Code
	}
	var all []string
	for _, w := range out.Warnings {
		all = append(all, "warned "+w.Code)
	}
	return strings.Join(all, " ")
}

// commit hands items to the side and notes who they went to.
func (r *scriptRun) commit(items []carpel.Item) ([]engine.Outcome, error) {
	outcomes, err := r.ready().commit(items)
	if err != nil {
		return nil, err
	}
	for i, out := range outcomes {
		if out.Person != "" {
			r.keys[refName(items[i].Person)] = out.Person
		}
	}
	return outcomes, nil
}

// nameOf returns how the script calls the person of a key.
func (r *scriptRun) nameOf(key string) string {
	best := key
	for name, k := range r.keys {
		if k == key && (best == key || name < best) {
			best = name
		}
	}
	return best
}

func (r *scriptRun) namesOf(keys []string) string {
	if len(keys) == 0 {
		return "nobody"
	}
	var all []string
	for _, k := range keys {
		all = append(all, r.nameOf(k))
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// sortedWords puts a list of names in order.
func sortedWords(s string) string {
	all := strings.Fields(s)
	slices.Sort(all)
	return strings.Join(all, " ")
}

func (r *scriptRun) same(what, got, wanted string) {
	r.t.Helper()
	if diff := cmp.Diff(wanted, got); diff != "" {
		r.errorf("%s: got %q, wanted %q", what, got, wanted)
	}
}
