package server

import (
	"sync"
	"testing"
	"time"
)

// Nobody is refused because somebody else is just looking for the first time.
func TestFirstLookAtTheDisk(t *testing.T) {
	for range 200 {
		d, err := newDisk(t.TempDir(), 1, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if err := d.room(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
}
