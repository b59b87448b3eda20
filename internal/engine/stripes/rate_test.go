package stripes

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
)

func TestRateCountsAnHour(t *testing.T) {
	const minute = 60_000
	const start carpel.Millis = 1_000*minute + 30_000
	type told struct {
		Minute  int64
		Minutes []int64
	}
	var r rate
	r.begin(start)
	zeros := func(n int, then ...int64) []int64 { return append(make([]int64, n), then...) }
	for _, c := range []struct {
		name string
		at   carpel.Millis
		add  int
		want told
	}{
		{"at the start", start, 0, told{0, []int64{0}}},
		{"the first", start + 1_000, 2, told{2, []int64{2}}},
		{"the next minute of the clock", start + 31_000, 3, told{5, []int64{2, 3}}},
		{"a minute slides", start + 61_000, 0, told{3, []int64{2, 3}}},
		{"nothing for a while", start + 40*minute, 0, told{0, append([]int64{2, 3}, zeros(39)...)}},
		{"never more than an hour", start + 60*minute, 7, told{7, append([]int64{3}, zeros(58, 7)...)}},
		{"an hour of nothing", start + 200*minute, 0, told{0, zeros(60)}},
		{"a clock that goes back", start + 199*minute, 1, told{1, zeros(59, 1)}},
	} {
		if c.add > 0 {
			r.add(c.at, c.add)
		}
		if diff := gocmp.Diff(c.want, told{r.perMinute(c.at), r.minutes(c.at)}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}
