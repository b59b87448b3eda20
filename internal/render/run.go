package render

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/osteele/liquid/expressions"

	"github.com/carpel/carpel"
)

// run renders the programs of one message. All it does is counted, and it stops by itself: every step of a program looks
// at the clock, every turn of a loop is counted, what filters go through is counted before they do, and what is written
// goes into a buffer that refuses. So nothing has to be stopped from outside, which Go cannot do.
//
// The library evaluates expressions, which are bounded by the size of a tag; its loops, its writer and its filters, which
// are not bounded, are not used.
type run struct {
	ctx      context.Context
	deadline time.Time
	now      time.Time
	zone     *time.Location
	zones    map[string]*time.Location // by name; kept from run to run

	config expressions.Config  // filters that count in this run
	scope  expressions.Context // over vars
	vars   map[string]any

	out        []byte
	page       []byte         // out with its links rewritten
	counters   map[string]int // of cycle, increment and decrement
	iterations int
	work       int64
	flat       bool // HTML is rendered as plain text: see [toText]
	missing    []string
	// fault is the limit that was passed: the library does not hand errors of filters on as they are.
	fault *carpel.Error
}

// runs keeps what a run has made for the next: its filters and its buffer.
var runs = sync.Pool{New: func() any {
	r := &run{zones: map[string]*time.Location{}}
	for name, f := range filters {
		r.config.AddFilter(name, func(in any, args ...any) (any, error) { return r.filter(f, in, args) })
	}
	return r
}}

// startRun takes a run for one message.
func startRun(ctx context.Context, vars Vars) *run {
	r := runs.Get().(*run)
	r.ctx, r.vars, r.deadline = ctx, vars, time.Now().Add(carpel.MaxRenderMillis*time.Millisecond)
	r.now, r.zone = r.nowAndZone()
	return r
}

// end gives a run back. What it returned does not refer to it.
func (r *run) end() {
	out, page := r.out, r.page
	if cap(out)+cap(page) > 256<<10 {
		out, page = nil, nil
	}
	*r = run{config: r.config, zones: r.zones, out: out[:0], page: page[:0]}
	runs.Put(r)
}

// text renders a program to a text.
func (r *run) text(p *program) (string, error) {
	b, err := r.bytes(p)
	return string(b), err
}

// bytes renders a program; the bytes are good until the next one.
func (r *run) bytes(p *program) ([]byte, error) {
	if len(p.nodes) == 0 {
		return nil, nil
	}
	vars := r.vars
	if p.writes {
		r.vars = maps.Clone(vars)
		defer func() { r.vars = vars }()
	}
	r.scope = expressions.NewContext(r.vars, r.config)
	r.counters = nil
	r.out = r.out[:0]
	err := r.all(p.nodes)
	if errors.Is(err, errBreak) || errors.Is(err, errContinue) {
		err = nil // outside of a loop they end the text
	}
	var e *carpel.Error
	if errors.As(err, &e) && e.Pointer == "" {
		e.Pointer = p.pointer
	}
	return r.out, err
}

func (r *run) all(nodes []node) error {
	for _, n := range nodes {
		if err := n.render(r); err != nil {
			return err
		}
	}
	return nil
}

// step is taken before everything that may take time.
func (r *run) step() error {
	if time.Now().After(r.deadline) {
		return &carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxRenderMillis, Actual: carpel.MaxRenderMillis + 1,
			Message: fmt.Sprintf("rendering takes longer than %d ms", carpel.MaxRenderMillis)}
	}
	return r.ctx.Err()
}

// turn counts one iteration of a loop.
func (r *run) turn() error {
	if r.iterations++; r.iterations > carpel.MaxIterations {
		return &carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxIterations, Actual: int64(r.iterations),
			Message: fmt.Sprintf("the loops have more than %d iterations together", carpel.MaxIterations)}
	}
	return r.step()
}

// charge counts work of n bytes that is about to be done.
func (r *run) charge(n int) error {
	if r.work += int64(n); r.work > carpel.MaxRenderWork {
		r.fault = &carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxRenderWork, Actual: r.work,
			Message: fmt.Sprintf("the filters go through more than %s", carpel.Bytes(carpel.MaxRenderWork))}
		return r.fault
	}
	return nil
}

// grow counts a value of n bytes that is about to be made.
func (r *run) grow(n int) error {
	if n > carpel.MaxRendered {
		r.fault = &carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxRendered, Actual: int64(n), Message: carpel.TooLarge("a value", int64(n), carpel.MaxRendered)}
		return r.fault
	}
	return r.charge(n)
}

// write adds to what is rendered.
func (r *run) write(s string) error {
	if n := len(r.out) + len(s); n > carpel.MaxRendered {
		return &carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxRendered, Actual: int64(n),
			Message: fmt.Sprintf("what is rendered has more than %s", carpel.Bytes(carpel.MaxRendered))}
	}
	r.out = append(r.out, s...)
	return nil
}

// eval evaluates an expression. Its error says where, and never holds a value: those are personal data.
func (r *run) eval(e *expression, pointer string) (v any, err error) {
	if err := r.step(); err != nil {
		return nil, e.place(err, pointer)
	}
	defer func() {
		if p := recover(); p != nil { // the library panics on values that it does not expect
			err = errors.New("a value is not what this takes")
		}
		if err != nil {
			if r.fault != nil {
				err, r.fault = r.fault, nil
			}
			err = e.place(err, pointer)
		}
	}()
	return e.parsed.Evaluate(r.scope)
}

// place says at which expression an error came up.
func (e *expression) place(err error, pointer string) error {
	var known *carpel.Error
	switch {
	case errors.As(err, &known):
		return e.at.of(pointer, known)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return e.at.fault(pointer, "%q could not be worked out: a value is not of the kind that it takes", shorten(e.source))
}

// miss keeps that variables are missing.
func (r *run) miss(names []string) {
	for _, name := range names {
		if !slices.Contains(r.missing, name) {
			r.missing = append(r.missing, name)
		}
	}
}

// check tells the variables that are blank.
func (r *run) check(all []watched) {
	for _, w := range all {
		if blank(lookUp(r.vars, w.value)) {
			r.miss(w.names)
		}
	}
}
