package server

import (
	"math"
	"runtime/debug"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/carpel/carpel/internal/engine/stripes"
)

// memory is how the memory of the process is given out. Up to five eighths of it are held for longer: nearly half by the
// budget that all workspaces share, for decoded data, evaluated states and filters of message ids, and an eighth by Pebble,
// for its blocks and for what is not written to a table yet. The rest is for requests at work, for what is small but not
// counted, and for the garbage collector, which has to run the more often the less there is. Of little memory more is kept
// free: what the process itself takes does not become less.
type memory struct {
	budget *stripes.Budget
	cache  *pebble.Cache // ours until it is closed
	limit  int64         // of Go's runtime
}

func newMemory(mb int) memory {
	bytes := int64(mb) << 20
	m := memory{stripes.NewBudget(max(bytes/8*3, bytes/2-64<<20)), pebble.NewCache(bytes / 8), bytes / 16 * 15}
	if pebbleOutsideGo() {
		m.limit -= bytes / 8
	}
	return m
}

// pebbleOutsideGo reports whether Pebble's memory is not of Go's runtime: so it is in a build with cgo, which our own
// are not.
func pebbleOutsideGo() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "CGO_ENABLED", Value: "1"})
}

// tableBytes is the size of a workspace's tables in memory, of which there may be four: all of Pebble's part, if it is
// alone.
func (m memory) tableBytes() int64 { return min(16<<20, max(1<<20, m.cache.MaxSize()/16)) }

// hold makes Go's runtime keep to the limit, unless the environment told it another one, until the function that it
// returns is called.
func (m memory) hold() (release func()) {
	before := debug.SetMemoryLimit(-1)
	if before != math.MaxInt64 {
		return func() {}
	}
	debug.SetMemoryLimit(m.limit)
	return func() { debug.SetMemoryLimit(before) }
}
