// Temporary, until explain.go is there: delete this file when it is.
package eval

import (
	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

func (q *Query) Explain(src Source, slot uint8, now carpel.Millis) ([]engine.ExplainedNode, error) {
	return nil, nil
}
