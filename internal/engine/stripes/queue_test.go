package stripes

import (
	"testing"
	"time"

	"github.com/carpel/carpel"
)

// TestRoundsAreBounded: a round takes what it can do in its time, and a request that is larger alone.
func TestRoundsAreBounded(t *testing.T) {
	for _, c := range []struct {
		name    string
		cost    time.Duration // of an item, in many rounds before
		request int           // items of each request that waits
		want    int           // requests of the next round
	}{
		{"nothing known", 0, 100, maxGroup / 100},
		{"cheap", time.Microsecond, 100, maxGroup / 100},
		{"in time", 20 * time.Microsecond, 100, 10},
		{"dear", time.Second, 50, leastGroup / 50},
		{"large requests", time.Second, 2500, 1},
		{"nothing fits twice", 0, 2500, 1},
	} {
		var q queue
		for range 100 {
			q.took(10, 10*c.cost)
		}
		for range 50 {
			q.add(&request{items: make([]carpel.Item, c.request)})
		}
		if n := len(q.take()); n != c.want {
			t.Errorf("%s: a round takes %d requests, want %d", c.name, n, c.want)
		}
	}
}
