package stripes

import (
	"sync"

	"github.com/carpel/carpel"
)

// rate counts what arrived in the last hour, second by second. It is not kept across starts.
type rate struct {
	mu      sync.Mutex
	seconds [3600]int64 // guarded by mu
	first   int64       // second from which on it counts; guarded by mu
	last    int64       // second of the newest count; guarded by mu
}

// begin makes it count from now on.
func (r *rate) begin(now carpel.Millis) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.first = int64(now) / 1000
	r.last = r.first
}

func (r *rate) add(now carpel.Millis, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forward(int64(now) / 1000)
	r.seconds[r.last%3600] += int64(n)
}

// forward empties the seconds that passed without a count. The caller holds mu.
func (r *rate) forward(second int64) {
	if second-r.last >= 3600 {
		r.seconds, r.last = [3600]int64{}, second
		return
	}
	for r.last < second {
		r.last++
		r.seconds[r.last%3600] = 0
	}
}

// perMinute returns how many items arrived in the minute before now.
func (r *rate) perMinute(now carpel.Millis) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forward(int64(now) / 1000)
	return r.between(r.last-59, r.last)
}

// minutes returns how many items arrived in each minute of the clock, the oldest first and the present one, which is
// not over, last: those of an hour, or fewer when it has not counted for that long.
func (r *rate) minutes(now carpel.Millis) []int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forward(int64(now) / 1000)
	present := r.last / 60
	var all []int64
	for m := max(r.first/60, present-59); m <= present; m++ {
		all = append(all, r.between(m*60, min(m*60+59, r.last)))
	}
	return all
}

// between sums the seconds from one to another, both within the last hour. The caller holds mu.
func (r *rate) between(from, to int64) (sum int64) {
	for second := max(from, r.first); second <= to; second++ {
		sum += r.seconds[second%3600]
	}
	return sum
}
