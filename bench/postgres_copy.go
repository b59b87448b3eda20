package main

import (
	"iter"

	"github.com/jackc/pgx/v5"
)

// copySource feeds rows to COPY.
type copySource struct {
	next func() ([]any, bool)
	stop func()
	row  []any
}

// copyRows turns people into rows: rows yields those of one person, and reports whether to go on.
func copyRows(s Scale, rows func(p *Person, yield func(...any) bool) bool) pgx.CopyFromSource {
	next, stop := iter.Pull(func(yield func([]any) bool) {
		for p := range s.All {
			if !rows(p, func(row ...any) bool { return yield(row) }) {
				return
			}
		}
	})
	return &copySource{next: next, stop: stop}
}

func (c *copySource) Next() bool {
	var ok bool
	if c.row, ok = c.next(); !ok {
		c.stop()
	}
	return ok
}

func (c *copySource) Values() ([]any, error) { return c.row, nil }

func (c *copySource) Err() error { return nil }
