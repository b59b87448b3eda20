// Package enginetest is the contract of the segment language: what every engine must answer.
//
// It has three parts. Scripts (testdata/*.txt) say in plain lines what happens and who is in which segment then; the
// package's script.go tells their language. A model (model*.go, naive*.go) keeps people in plain maps and answers
// every question by going through everything, slowly and obviously; it shares no evaluation code with any engine.
// Random histories run on an engine and on the model side by side and must agree at every step.
//
// Metamorphic histories need no model: the same history lived in another way must end the same.
//
// An engine's own test calls [Scripts], [Random] and [Metamorphic].
package enginetest

import (
	"embed"
	"flag"
	"testing"
	"time"

	"github.com/carpel/carpel/internal/engine"
)

// Instance is storage that survives Close: opening it again is a restart.
type Instance interface {
	// Open opens an engine on the storage. One engine is open at a time; the harness closes it.
	Open(o Options) (engine.Engine, error)
}

// Options says how an engine is opened for a test. Such an engine does nothing in the background: timers run in Commit
// and Advance, builds inside Define.
type Options struct {
	Now                  func() time.Time
	Zone                 *time.Location
	SplitRows, HeavyRows int // 0: the engine's own

	// What the engine may hold in memory, in bytes; 0: the engine's own.
	DecodedBytes, StateBytes, MemTableBytes int64
}

// The flags of a test binary that calls [Random].
var (
	wantedComparisons = flag.Int("enginetest.comparisons", 400_000, "how many answers the random test compares")
	wantedVariants    = flag.Int("enginetest.variants", 200, "how many other ways of living a history the metamorphic test tries")
	onlySeed          = flag.Int64("enginetest.seed", 0, "run the one random history of this seed")
	onlyCase          = flag.String("enginetest.case", "", "run the one script case whose name contains this")
	keepGoing         = flag.Int("enginetest.failures", 1, "how many failing histories to report before the random test ends")
)

//go:embed testdata/*.txt
var scriptFiles embed.FS

// Scripts runs every script of testdata on a new engine for each case, and on the model: both must agree with what is
// written.
func Scripts(t *testing.T, newInstance func(t testing.TB) Instance) {
	runScripts(t, func(t testing.TB, clock *clock, zone *time.Location) side {
		return openEngine(t, newInstance(t), Options{Now: clock.time, Zone: zone})
	})
}

// clock is the wall clock of a test, which may go backwards.
type clock struct{ now time.Time }

func (c *clock) time() time.Time { return c.now }
