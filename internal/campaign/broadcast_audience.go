package campaign

import (
	"slices"

	"github.com/carpel/carpel"
)

// Exclusion is why some people of an audience get nothing: those whom the condition matches, and no exclusion before it.
type Exclusion struct {
	Reason    string
	Condition carpel.Condition
}

// The reasons of exclusions, as the sender gives them as well, which asks again when it sends.
const (
	reasonUnsubscribed = "unsubscribed"
	reasonTopic        = "topic"
	reasonNoAddress    = "no_address"
	reasonSuppressed   = "suppressed"
	reasonCap          = "cap"
	// ReasonHeldOut is the reason of those who get nothing so that the others can be compared with them.
	ReasonHeldOut = "hold_out"
)

// nobody matches nobody.
func nobody() carpel.Condition { return &carpel.Sample{Percent: 0, Seed: "nobody"} }

func attribute(name string, op carpel.Op) carpel.Condition {
	return &carpel.Attribute{Name: name, Test: carpel.Test{Op: op}}
}

// Exclusions are who is left out of a broadcast, in the order in which it counts: always the same reasons in the same
// places. suppressed are the addresses that nothing is sent to. Caps are no part: they hold when a message goes out.
func Exclusions(spec carpel.BroadcastSpec, sending carpel.Sending, suppressed []string) []Exclusion {
	return []Exclusion{
		{reasonUnsubscribed, attribute(carpel.AttrUnsubscribed, carpel.OpIsTrue)},
		{reasonTopic, refusesTopic(spec.Topic, sending)},
		{reasonNoAddress, unreachable(spec.Kind)},
		{reasonSuppressed, hasAddress(spec.Kind, suppressed)},
	}
}

func refusesTopic(topic string, sending carpel.Sending) carpel.Condition {
	if topic == "" {
		return nobody()
	}
	refused := attribute(carpel.AttrTopic+topic, carpel.OpIsFalse)
	if !slices.ContainsFunc(sending.Topics, func(t carpel.Topic) bool { return t.Key == topic && t.OptIn }) {
		return refused
	}
	return &carpel.Group{Quantifier: carpel.AnyOf, Of: []carpel.Condition{refused, attribute(carpel.AttrTopic+topic, carpel.OpDoesNotExist)}}
}

func unreachable(kind carpel.ChannelKind) carpel.Condition {
	switch kind {
	case carpel.Email:
		return attribute("email", carpel.OpDoesNotExist)
	case carpel.Push:
		return &carpel.Not{Of: &carpel.Device{Platform: "any"}}
	}
	return nobody()
}

func hasAddress(kind carpel.ChannelKind, addresses []string) carpel.Condition {
	if kind != carpel.Email || len(addresses) == 0 {
		return nobody() // the token of a device is no attribute; the sender asks for it
	}
	any := &carpel.Group{Quantifier: carpel.AnyOf}
	for chunk := range slices.Chunk(addresses, carpel.MaxListValues) {
		values := make([]carpel.Value, len(chunk))
		for i, address := range chunk {
			values[i] = carpel.TextValue(address)
		}
		any.Of = append(any.Of, &carpel.Attribute{Name: "email", Test: carpel.Test{Op: carpel.OpIsAnyOf, Values: values}})
	}
	return any
}

// Capped is who has had as many messages as they may by now, and would get none of a kind if it went out right away.
func Capped(kind carpel.ChannelKind, sending carpel.Sending) Exclusion {
	any := &carpel.Group{Quantifier: carpel.AnyOf, Of: []carpel.Condition{nobody()}}
	for _, c := range sending.Caps {
		name := string(c.Kind)
		if c.Kind == "" {
			name = "any"
		}
		if c.Kind != "" && c.Kind != kind {
			continue
		}
		any.Of = append(any.Of, &carpel.Activity{Kind: carpel.MessageActivity, Name: name, Action: "sent",
			Measure: carpel.Measure{Kind: carpel.MeasureCount, Compare: carpel.Compare{Op: carpel.CmpAtLeast, A: carpel.NumberValue(float64(c.Count))}},
			When:    carpel.When{Kind: carpel.WhenLast, D1: carpel.Duration{N: int64(c.Hours), Unit: 'h'}}})
	}
	return Exclusion{reasonCap, any}
}

// conditions are those of some exclusions.
func conditions(all []Exclusion) []carpel.Condition {
	out := make([]carpel.Condition, len(all))
	for i, e := range all {
		out[i] = e.Condition
	}
	return out
}
