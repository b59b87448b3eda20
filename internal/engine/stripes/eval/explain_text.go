package eval

import (
	"fmt"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// description is what an explanation says of a node beside its answer.
type description struct {
	actual, wanted string
	evidence       []engine.Evidence
}

// describe says what is and what is wanted.
func (x *explanation) describe(n *queryNode) (description, error) {
	switch c := n.of.(type) {
	case *carpel.Group:
		matching := 0
		for _, k := range n.children {
			if x.node(k).Matched {
				matching++
			}
		}
		wanted := map[carpel.Quantifier]string{carpel.AllOf: "every one matches", carpel.AnyOf: "at least one matches", carpel.NoneOf: "not one matches"}
		return description{actual: fmt.Sprintf("%d of %d match", matching, len(n.children)), wanted: wanted[c.Quantifier]}, nil
	case *carpel.Not:
		actual := "it does not match"
		if x.node(n.children[0]).Matched {
			actual = "it matches"
		}
		return description{actual: actual, wanted: "it does not match"}, nil
	case *carpel.Attribute:
		return x.attribute(n.leaf.(*attributeLeaf), c)
	case *carpel.Activity:
		return x.activity(n.leaf.(*activityLeaf), wantedOf(c.Measure))
	case *carpel.Device:
		return x.activity(n.leaf.(*activityLeaf), compareText(c.Count))
	case *carpel.InSegment:
		d := description{actual: "not a member", wanted: "a member"}
		if m := x.node(n); m.Matched {
			d.actual = "a member"
			d.evidence = []engine.Evidence{{Kind: "segment", Name: c.Ref, At: m.Since}}
		}
		return d, nil
	case *carpel.Sequence:
		return x.sequence(n.leaf.(*sequenceLeaf), c)
	case *carpel.Sample:
		share := decimal(ratOf(carpel.NumberValue(SampleShare(c.Seed, x.src.Person(x.slot)) * 100)))
		return description{actual: share + " %", wanted: "below " + carpel.NumberValue(c.Percent).Text() + " %"}, nil
	}
	return description{}, fmt.Errorf("explain a %T: no condition of a person", n.of)
}

// attribute shows the value, as JSON, with its last change.
func (x *explanation) attribute(l *attributeLeaf, c *carpel.Attribute) (description, error) {
	at := x.past
	at.h.from = x.now
	v, err := l.value(at)
	if err != nil {
		return description{}, err
	}
	nameless := *c
	nameless.Name = "x"
	d := description{actual: "not set", wanted: strings.TrimPrefix(carpel.NodeSentence(&nameless), "x ")}
	if v.value.IsSet() {
		d.actual = string(v.value.AppendJSON(nil))
		d.evidence = []engine.Evidence{{Kind: "attribute", Name: v.name, At: v.since, Value: v.value, Source: v.source}}
	}
	if !c.For.IsZero() {
		d.actual += " since " + v.since.String()
	}
	return d, nil
}

// compareText says a comparison: "at least 3".
func compareText(c carpel.Compare) string {
	c = c.OrDefault()
	if c.Op == carpel.CmpBetween {
		return "between " + c.A.Text() + " and " + c.B.Text()
	}
	return strings.ReplaceAll(string(c.Op), "_", " ") + " " + c.A.Text()
}

// wantedOf says what a measure is compared with.
func wantedOf(m carpel.Measure) string {
	switch m.Kind {
	case carpel.MeasureDays:
		return compareText(m.Compare) + " different days"
	case carpel.MeasureDistinct:
		return compareText(m.Compare) + " different values"
	case carpel.MeasureSum:
		return "a sum of " + compareText(m.Compare)
	case carpel.MeasureAvg:
		return "an average of " + compareText(m.Compare)
	case carpel.MeasureMin:
		return "a smallest of " + compareText(m.Compare)
	case carpel.MeasureMax:
		return "a largest of " + compareText(m.Compare)
	case carpel.MeasureFirst, carpel.MeasureLast:
		of := carpel.NodeSentence(m.Where)
		if g, ok := m.Where.(*carpel.Group); ok {
			of = carpel.Sentence(g)
		}
		return "the " + string(m.Kind) + " one with " + of
	case carpel.MeasureRegularly:
		return fmt.Sprintf("at least %d of %d periods", m.AtLeast, m.OfLast)
	}
	return compareText(m.Compare)
}
