package api

import (
	"encoding/json"
	"fmt"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// Recipe is a segment worth having, made from the data received.
type Recipe struct {
	Name       string          `json:"name"`
	Definition json.RawMessage `json:"definition"`
	Text       string          `json:"text"`
	Sentence   string          `json:"sentence"`
	Count      int64           `json:"count" doc:"How many people it holds now."`
}

type recipesOut struct {
	Body struct {
		Recipes []Recipe `json:"recipes"`
	}
}

// maxRecipes is how many recipes are counted and shown.
const maxRecipes = 12

// recipes proposes segments from the events and attributes seen most, and counts each.
func (a *API) recipes(c *call, _ *struct{}) (*recipesOut, error) {
	out := &recipesOut{}
	out.Body.Recipes = []Recipe{}
	events, err := c.Engine.Names(c, engine.NamesQuery{Kind: "event", Limit: 4})
	if err != nil {
		return nil, err
	}
	attributes, err := c.Engine.Names(c, engine.NamesQuery{Kind: "attribute", Limit: 50})
	if err != nil {
		return nil, err
	}
	var ideas []idea
	for _, e := range events {
		ideas = append(ideas, eventIdeas(e.Name)...)
	}
	ideas = append(ideas, attributeIdeas(attributes)...)
	for _, i := range ideas {
		p, err := c.Engine.Preview(c, engine.PreviewQuery{Condition: i.definition})
		if err != nil {
			return nil, err
		}
		if p.Count == 0 || p.Count == p.People {
			continue // nobody or everybody is no segment
		}
		out.Body.Recipes = append(out.Body.Recipes, Recipe{i.name, carpel.Canonical(i.definition), carpel.FormatText(i.definition), carpel.Sentence(i.definition), p.Count})
		if len(out.Body.Recipes) == maxRecipes {
			break
		}
	}
	return out, nil
}

type idea struct {
	name       string
	definition carpel.Condition
}

// eventIdeas are the classic compositions over one event: never, first time, stopped, came back.
func eventIdeas(name string) []idea {
	days := func(n int64) carpel.Duration { return carpel.Duration{N: n, Unit: 'd'} }
	did := func(w carpel.When) *carpel.Activity {
		return &carpel.Activity{Kind: carpel.EventActivity, Name: name, When: w}
	}
	never := func(w carpel.When) *carpel.Activity {
		x := did(w)
		x.Measure = carpel.Measure{Kind: carpel.MeasureCount, Compare: carpel.Compare{Op: carpel.CmpExactly, A: carpel.NumberValue(0)}}
		return x
	}
	all := func(cs ...carpel.Condition) carpel.Condition {
		return &carpel.Group{Quantifier: carpel.AllOf, Of: cs}
	}
	last := func(n int64) carpel.When { return carpel.When{Kind: carpel.WhenLast, D1: days(n)} }
	before := func(n int64) carpel.When { return carpel.When{Kind: carpel.WhenBeforeLast, D1: days(n)} }
	between := func(far, near int64) carpel.When {
		return carpel.When{Kind: carpel.WhenBetween, D1: days(far), D2: days(near)}
	}
	recent := &carpel.Attribute{Name: carpel.AttrFirstSeen, Test: carpel.Test{Op: carpel.OpWithinLast, Duration: days(30)}}
	return []idea{
		{fmt.Sprintf("New, and never did %s", name), all(recent, never(carpel.When{}))},
		{fmt.Sprintf("Did %s for the first time this week", name), all(did(last(7)), never(before(7)))},
		{fmt.Sprintf("Stopped doing %s", name), all(did(between(60, 14)), never(last(14)))},
		{fmt.Sprintf("Came back to %s", name), all(did(last(7)), never(between(37, 7)), did(before(37)))},
	}
}

// attributeIdeas picks the most used value of attributes that have few.
func attributeIdeas(names []engine.Name) []idea {
	var ideas []idea
	for _, n := range names {
		if len(n.Top) < 2 || len(n.Top) > 10 || n.Top[0].Count < 2 || n.Top[0].Value.Kind() != carpel.Text {
			continue
		}
		top := n.Top[0].Value
		ideas = append(ideas, idea{fmt.Sprintf("%s is %s", n.Name, top.Text()), &carpel.Attribute{Name: n.Name, Test: carpel.Test{Op: carpel.OpIs, Value: top}}})
	}
	return ideas
}
