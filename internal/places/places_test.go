package places

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
)

// asker asks for places and notes in which order they are given.
type asker struct {
	t      *testing.T
	places *Places
	given  []string
	leave  map[string]func()
	cancel map[string]func()
}

func newAsker(t *testing.T, most int) *asker {
	return &asker{t: t, places: New("questions", most, 4), leave: map[string]func(){}, cancel: map[string]func(){}}
}

// ask asks for a place: "a1" is the first question of workspace a.
func (a *asker) ask(names ...string) {
	for _, name := range names {
		ctx, cancel := context.WithCancel(a.t.Context())
		a.cancel[name] = cancel
		go func() {
			if leave, err := a.places.Take(ctx, name[:1]); err == nil {
				a.given, a.leave[name] = append(a.given, name), leave
			}
		}()
		synctest.Wait()
	}
}

// end lets questions end, one after the other.
func (a *asker) end(names ...string) {
	for _, name := range names {
		leave := a.leave[name] // whoever is next writes there
		leave()
		leave() // twice is once
		synctest.Wait()
	}
}

func (a *asker) want(what string, names ...string) {
	a.t.Helper()
	if diff := cmp.Diff(names, a.given); diff != "" {
		a.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
	a.given = nil
}

// Places are given fairly, in order, and given back whatever happens.
func TestPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAsker(t, 3)
		a.ask("a1", "a2", "a3", "a4")
		a.want("one workspace leaves a place to the others", "a1", "a2")
		a.ask("b1", "b2", "c1")
		a.want("another begins at once", "b1")
		a.end("a1")
		a.want("who has none at work comes first", "c1")
		a.end("c1")
		a.want("then who was served longest ago", "a3")
		a.end("a2")
		a.want("and so in turn", "b2")
		a.cancel["a4"]()
		synctest.Wait()
		a.end("a3", "b1", "b2")
		a.want("who went away gets nothing")
		a.ask("a5")
		a.want("everything was given back", "a5")
		a.end("a5")
		if len(a.places.lines) != 0 || a.places.busy != 0 {
			t.Errorf("%d lines and %d places stay", len(a.places.lines), a.places.busy)
		}
	})
}

// However long the line of a loud workspace is, a quiet one's question never waits for more than one place, and the
// line has an end.
func TestPlacesBesideLoud(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAsker(t, 2)
		a.ask("a1", "a2", "a3", "a4", "a5")
		a.want("one of two", "a1")
		if _, err := a.places.Take(t.Context(), "a"); carpel.ErrorCode(err) != carpel.CodeOverloaded || err.(*carpel.Error).Limit == 0 {
			t.Errorf("a line that is full: %v", err)
		}
		for i := range 10 {
			name := fmt.Sprint("b", i)
			a.ask(name)
			a.want("the quiet one", name)
			a.end(name)
		}
		a.want("the loud one waits for its own")
		for i := 1; i < 5; i++ {
			a.end(fmt.Sprint("a", i))
			a.want("the loud one's next", fmt.Sprint("a", i+1))
		}
		a.end("a5")
	})
}
