package stripes_test

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails when a goroutine of ours outlives the tests. Those of Pebble may: a power cut leaves an engine as it
// is, and what it had begun goes on over the disk that is no more; and a call into Pebble that met a fatal error does not
// return (see store/fatal.go).
func TestMain(m *testing.M) {
	pebble := "github.com/cockroachdb/pebble/v2"
	goleak.VerifyTestMain(closing{m}, goleak.IgnoreAnyFunction(pebble+".(*ConcurrencyLimitScheduler).periodicGranter"),
		goleak.IgnoreAnyFunction(pebble+".(*cleanupManager).mainLoop"), goleak.IgnoreAnyFunction(pebble+"/record.(*LogWriter).flushLoop"),
		goleak.IgnoreAnyFunction(pebble+"/internal/genericcache.(*shard[...]).releaseLoop"),
		goleak.IgnoreAnyFunction("github.com/carpel/carpel/internal/engine/stripes/store.(*fatal).guard.func1"))
}

// closing closes the engine that benchmarks share, once all have run.
type closing struct{ *testing.M }

func (c closing) Run() int {
	code := c.M.Run()
	if loaded.db != nil && loaded.db.Close() != nil {
		return 1
	}
	return code
}
