package stripes_test

import (
	"cmp"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/enginetest"
	"github.com/carpel/carpel/internal/engine/stripes"
)

// storage is a folder on a disk, or on one in memory.
type storage struct {
	fs    vfs.FS
	dir   string
	bytes int64 // of what is decoded and of the evaluator's states, unless the test says; 0: the engine's own
}

// Open opens an engine that does nothing in the background.
func (s storage) Open(o enginetest.Options) (engine.Engine, error) {
	options := stripes.Options{FS: s.fs, Zone: o.Zone, Now: o.Now, Manual: true, SplitRows: o.SplitRows, HeavyRows: o.HeavyRows,
		StateBytes: cmp.Or(o.StateBytes, s.bytes), MemTableBytes: o.MemTableBytes}
	if bytes := cmp.Or(o.DecodedBytes, s.bytes); bytes > 0 {
		options.Budget = stripes.NewBudget(bytes)
	}
	return stripes.Open(s.dir, options)
}

func inMemory(testing.TB) enginetest.Instance { return storage{fs: vfs.NewMem(), dir: "engine"} }

func onDisk(t testing.TB) enginetest.Instance { return storage{fs: vfs.Default, dir: t.TempDir()} }

func withoutMemory(testing.TB) enginetest.Instance {
	return storage{fs: vfs.NewMem(), dir: "engine", bytes: 1}
}

func TestScriptsInMemory(t *testing.T) { enginetest.Scripts(t, inMemory) }

func TestScriptsOnDisk(t *testing.T) {
	if testing.Short() {
		t.Skip("every commit is synced: slow")
	}
	enginetest.Scripts(t, onDisk)
}

func TestRandomInMemory(t *testing.T) { enginetest.Random(t, inMemory) }

// With no room for anything decoded or evaluated, every answer comes from what is stored.
func TestRandomWithoutMemory(t *testing.T) { enginetest.RandomShare(t, withoutMemory, 15) }

func TestRandomOnDisk(t *testing.T) {
	if testing.Short() {
		t.Skip("every commit is synced: slow")
	}
	enginetest.RandomShare(t, onDisk, 30)
}

func TestRoll(t *testing.T) { enginetest.Roll(t, inMemory) }

func TestFollow(t *testing.T) { enginetest.Follow(t, inMemory) }

func TestMatching(t *testing.T) { enginetest.Matching(t, inMemory) }

func TestMetamorphic(t *testing.T) { enginetest.Metamorphic(t, inMemory) }
