package stripes

import (
	"context"
	"runtime"
	"sync/atomic"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/store"
)

// walkChunk is how many stripes a worker takes at a time, and how many at most are read ahead of it.
const walkChunk = 32

// eachStripe calls visit for every stripe as committed, on all cores, until ctx ends. The source is valid during the call.
func (db *DB) eachStripe(ctx context.Context, visit func(src *source) error) error {
	return db.walk(ctx, func() func(*source) error { return visit })
}

// walk is eachStripe with a visitor for each worker, which begin makes.
func (db *DB) walk(ctx context.Context, begin func() (visit func(src *source) error)) error {
	stripes := db.store.Stripes()
	chunks := (stripes + walkChunk - 1) / walkChunk
	var next atomic.Uint32 // chunk
	worker := func() error {
		src := &source{Stripe: db.store.Walk(), db: db, zone: db.zone(), asOf: carpel.Never}
		visit := begin()
		for chunk := next.Add(1) - 1; chunk < chunks; chunk = next.Add(1) - 1 {
			if err := ctx.Err(); err != nil {
				return err
			}
			end := min((chunk+1)*walkChunk, stripes)
			src.WalkTo(end)
			for n := chunk * walkChunk; n < end; n++ {
				if err := src.Move(n); err != nil {
					return err
				}
				if err := visit(src); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return store.Parallel(min(runtime.GOMAXPROCS(0), int(chunks)), func(int) error {
		err := worker()
		if err != nil {
			next.Store(chunks) // the others end with what they have begun
		}
		return err
	})
}
