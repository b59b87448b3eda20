package stripes_test

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/enginetest"
	"github.com/carpel/carpel/internal/engine/stripes"
)

// storage is a folder on a disk, or on one in memory.
type storage struct {
	fs  vfs.FS
	dir string
}

// Open opens an engine that does nothing in the background.
func (s storage) Open(o enginetest.Options) (engine.Engine, error) {
	return stripes.Open(s.dir, stripes.Options{FS: s.fs, Zone: o.Zone, Now: o.Now, Manual: true, SplitRows: o.SplitRows, HeavyRows: o.HeavyRows})
}

func inMemory(testing.TB) enginetest.Instance { return storage{vfs.NewMem(), "engine"} }

func onDisk(t testing.TB) enginetest.Instance { return storage{vfs.Default, t.TempDir()} }

func TestScriptsInMemory(t *testing.T) { enginetest.Scripts(t, inMemory) }

func TestScriptsOnDisk(t *testing.T) {
	if testing.Short() {
		t.Skip("every commit is synced: slow")
	}
	enginetest.Scripts(t, onDisk)
}

func TestRandomInMemory(t *testing.T) { enginetest.Random(t, inMemory) }
