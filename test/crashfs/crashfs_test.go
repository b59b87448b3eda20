package crashfs_test

import (
	"database/sql"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/carpel/carpel/test/crashfs"
)

func open(t *testing.T, d *crashfs.Disk, synchronous string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:/data/test.db?vfs="+d.Name()+"&_pragma=journal_mode(WAL)&_pragma=busy_timeout(1000)&_pragma=wal_autocheckpoint(20)&_pragma=synchronous("+synchronous+")")
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func newDisk(t *testing.T) *crashfs.Disk {
	t.Helper()
	d, err := crashfs.New()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// cutAgainAndAgain inserts numbers, cuts the power in the midst, and returns how many that were acknowledged are lost.
func cutAgainAndAgain(t *testing.T, synchronous string, cuts int) (lost int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(uint64(len(synchronous)), 1))
	d := newDisk(t)
	next, acknowledged := 0, map[int]bool{}
	for range cuts {
		db := open(t, d, synchronous)
		if _, err := db.Exec("CREATE TABLE IF NOT EXISTS n (n INTEGER PRIMARY KEY, filling BLOB)"); err != nil {
			t.Fatal(err)
		}
		var after *crashfs.Disk
		var mu sync.Mutex
		calls := 1 + rng.IntN(100)
		d.Hook(func(op crashfs.Op) error {
			mu.Lock()
			defer mu.Unlock()
			if op.Kind.Changes() {
				calls--
			}
			if calls == 0 && after == nil {
				var err error
				if after, err = d.Crash(rng, nil); err != nil {
					t.Error(err)
				}
			}
			return nil
		})
		isCut := func() bool {
			mu.Lock()
			defer mu.Unlock()
			return after != nil
		}
		for !isCut() {
			next++
			if _, err := db.Exec("INSERT INTO n VALUES (?, randomblob(500))", next); err != nil {
				t.Fatal(err)
			}
			acknowledged[next] = !isCut()
		}
		d.Hook(nil)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		d.Close()
		d = after
		db = open(t, d, synchronous)
		for n := range acknowledged {
			var there int
			if err := db.QueryRow("SELECT count(*) FROM n WHERE n = ?", n).Scan(&there); err != nil {
				t.Fatal(err)
			}
			if acknowledged[n] && there == 0 {
				lost++
			}
			delete(acknowledged, n)
		}
		var answer string
		if err := db.QueryRow("PRAGMA integrity_check").Scan(&answer); err != nil || answer != "ok" {
			t.Fatal(answer, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	d.Close()
	return lost
}

// SQLite that syncs loses nothing on this disk; SQLite that does not loses something, so that a test on it can fail.
func TestPowerCuts(t *testing.T) {
	if lost := cutAgainAndAgain(t, "FULL", 60); lost > 0 {
		t.Errorf("%d acknowledged rows are lost with synchronous=FULL", lost)
	}
	if lost := cutAgainAndAgain(t, "NORMAL", 60); lost == 0 {
		t.Error("nothing is lost with synchronous=NORMAL: the disk forgets nothing")
	}
}

// While calls of a kind fail nothing is acknowledged; afterwards it goes on.
func TestFaults(t *testing.T) {
	for _, kind := range []crashfs.Kind{crashfs.Read, crashfs.Write, crashfs.Sync} {
		d := newDisk(t)
		db := open(t, d, "FULL")
		if _, err := db.Exec("CREATE TABLE n (n INTEGER)"); err != nil {
			t.Fatal(err)
		}
		d.Hook(func(op crashfs.Op) error {
			if op.Kind == kind {
				return errors.New("the disk failed")
			}
			return nil
		})
		if kind == crashfs.Read { // what was read before is in memory
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			db = open(t, d, "FULL")
		}
		if _, err := db.Exec("INSERT INTO n VALUES (1)"); err == nil {
			t.Errorf("%s: the insertion is acknowledged", kind)
		}
		d.Hook(nil)
		if _, err := db.Exec("INSERT INTO n VALUES (2)"); err != nil {
			t.Errorf("%s: it does not go on: %v", kind, err)
		}
		var n, sum int
		if err := db.QueryRow("SELECT count(*), sum(n) FROM n").Scan(&n, &sum); err != nil || n != 1 || sum != 2 {
			t.Errorf("%s: there are %d rows, their sum is %d, %v", kind, n, sum, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		d.Close()
	}
}

// Many connections at once get through, each with what the others wrote.
func TestConcurrentUse(t *testing.T) {
	d := newDisk(t)
	db := open(t, d, "FULL")
	if _, err := db.Exec("CREATE TABLE n (n INTEGER)"); err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			for range 50 {
				if _, err := db.Exec("INSERT INTO n VALUES (1)"); err != nil {
					t.Error(err)
				}
				var n int
				if err := db.QueryRow("SELECT count(*) FROM n").Scan(&n); err != nil || n == 0 {
					t.Error(n, err)
				}
			}
		})
	}
	work.Wait()
	var n int
	if err := db.QueryRow("SELECT count(*) FROM n").Scan(&n); err != nil || n != 400 {
		t.Errorf("%d rows, %v; want 400", n, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	d.Close()
}
