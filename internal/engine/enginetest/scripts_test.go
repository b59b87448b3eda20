package enginetest

import (
	"testing"
	"time"
)

// The scripts describe the model as well: what is written was thought, not copied from an engine.
func TestScriptsOnTheModel(t *testing.T) {
	runScripts(t, func(_ testing.TB, clock *clock, zone *time.Location) side { return newModel(clock, zone) })
}

// Random histories on two models, which must agree: that the histories are valid, and that nothing in the model hangs
// on the order of a map.
func TestRandomOnTwoModels(t *testing.T) {
	compared := 0
	for seed := range int64(25) {
		h := newHistory(seed + 1)
		clock := &clock{h.start.Time()}
		n, err := h.play(&duel{clock: clock, engine: newModel(clock, h.zone), model: newModel(clock, h.zone)})
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed+1, err, h.script())
		}
		compared += n
	}
	if compared < 10_000 {
		t.Errorf("only %d answers compared", compared)
	}
	t.Logf("%d answers compared", compared)
}
