package enginetest

import (
	"testing"
	"time"
)

// The scripts describe the model as well: what is written was thought, not copied from an engine.
func TestScriptsOnTheModel(t *testing.T) {
	runScripts(t, func(_ testing.TB, clock *clock, zone *time.Location) side { return newModel(clock, zone) })
}
