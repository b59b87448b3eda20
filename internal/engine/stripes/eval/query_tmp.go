// Temporary, until query.go is there: delete this file when it is.
package eval

import (
	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes/block"
	"time"
)

type Query struct{ p *Program }
type NodeMasks struct {
	Pointer              string
	Alone, Left, Without block.Mask
	HasWithout           bool
}
type Answer struct {
	Matched block.Mask
	Nodes   []NodeMasks
}

func CompileQuery(c carpel.Condition, zone *time.Location, resolve func(string) (carpel.Condition, bool)) (*Query, error) {
	p, err := Compile([]Root{{"q", c}}, zone, func(string) int { return -1 })
	return &Query{p}, err
}
func (q *Query) Matched(src Source, now carpel.Millis) (block.Mask, error) {
	st, err := q.p.Fill(src, now)
	if err != nil {
		return block.Mask{}, err
	}
	return q.p.Members(0, st), nil
}
func (q *Query) Eval(src Source, now carpel.Millis) (*Answer, error) {
	m, err := q.Matched(src, now)
	return &Answer{Matched: m}, err
}
func (q *Query) Unreadable(src Source, now carpel.Millis) (map[string]block.Mask, error) {
	return nil, nil
}
func (q *Query) Explain(src Source, slot uint8, now carpel.Millis) ([]engine.ExplainedNode, error) {
	return nil, nil
}
