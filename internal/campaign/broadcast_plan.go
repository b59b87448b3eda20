package campaign

import (
	"context"
	"fmt"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/records"
)

// planner plans one broadcast:
//
//	freeze   the engine tells who is in the audience, and why who of them is left out: once, kept with the broadcast
//	page     of those, so many at a time, deliveries with the cursor behind them, until all have one
//
// With a winner to be found the pages are gone through twice: first for the sample, and once it is known for the rest.
// Nothing is kept in memory: after a crash the next page is the one that was not written.
type planner struct {
	records   *records.DB
	engine    engine.Engine
	workspace carpel.Workspace
	zones     *zones
}

// freeze finds the audience.
func (p *planner) freeze(ctx context.Context, b carpel.Broadcast) (carpel.Broadcast, error) {
	audience, err := carpel.ParseCondition(b.Spec.Audience)
	if err != nil {
		return b, fmt.Errorf("audience of broadcast %s: %w", b.ID, err)
	}
	a := records.Audience{}
	for _, v := range b.Spec.Variants {
		t, err := p.records.Template(ctx, p.workspace.ID, v.Template)
		if err != nil {
			return b, err
		}
		a.Versions = append(a.Versions, t.Version)
	}
	out, err := p.exclusions(ctx, b.Spec)
	if err != nil {
		return b, err
	}
	roll, err := p.engine.Freeze(ctx, engine.FreezeQuery{Condition: audience, Parts: conditions(out)})
	if err != nil {
		return b, err
	}
	a.Roll, a.People = roll.People, roll.Count()
	return p.records.SetAudience(ctx, p.workspace.ID, b.ID, a)
}

func (p *planner) exclusions(ctx context.Context, spec carpel.BroadcastSpec) ([]Exclusion, error) {
	sending, err := p.records.Sending(ctx, p.workspace.ID)
	if err != nil {
		return nil, err
	}
	suppressed, err := p.records.SuppressedAddresses(ctx, p.workspace.ID, spec.Kind)
	if err != nil {
		return nil, err
	}
	return Exclusions(spec, sending, suppressed), nil
}

// page writes the deliveries of the next page.
func (p *planner) page(ctx context.Context, b carpel.Broadcast, limit int) (carpel.Broadcast, error) {
	roll, cursor, err := p.records.Audience(ctx, p.workspace.ID, b.ID)
	if err != nil {
		return b, err
	}
	q := engine.RollQuery{People: roll, After: cursor, Limit: limit}
	if b.Spec.Schedule != nil && b.Spec.Schedule.Local != "" {
		q.Attribute = "timezone"
	}
	people, err := p.engine.ReadRoll(ctx, q)
	if err != nil {
		return b, err
	}
	page := records.BroadcastPage{From: cursor, To: people.Next, Done: people.Next == "", Deliveries: make([]carpel.Delivery, 0, len(people.People))}
	if w := b.Spec.Winner; w != nil {
		d, err := carpel.ParseDuration(w.After)
		if err != nil {
			return b, err
		}
		page.TestEnds = time.Duration(d.Millis()) * time.Millisecond
	}
	reasons := Exclusions(b.Spec, carpel.Sending{}, nil) // only for the reasons by part
	fallback := p.zones.of(p.workspace.Zone)
	for _, who := range people.People {
		d, ok := p.delivery(b, who, reasons)
		if !ok {
			continue
		}
		if d.DueAt = b.StartedAt; d.State == carpel.DeliveryHeld {
			d.DueAt = b.Spec.DueFor(p.zones.of(who.Value.Text()), fallback, b.StartedAt)
		}
		page.Deliveries = append(page.Deliveries, d)
	}
	return p.records.PlanBroadcast(ctx, p.workspace.ID, b.ID, page)
}

// delivery is that of somebody of the audience; false when they have it already, or not yet.
func (p *planner) delivery(b carpel.Broadcast, who engine.OnRoll, reasons []Exclusion) (carpel.Delivery, bool) {
	d := carpel.Delivery{Origin: carpel.Origin{Kind: carpel.FromBroadcast, ID: b.ID}, Person: who.Person, Kind: b.Spec.Kind, Topic: b.Spec.Topic, Consent: true, Mode: b.Spec.Mode, State: carpel.DeliverySkipped}
	place := b.Spec.Place(b.ID, who.Person)
	switch rest := b.Stage == carpel.StageRest; {
	case who.Part > 0:
		d.Reason = reasons[who.Part-1].Reason
		return d, !rest
	case place.HeldOut:
		d.Reason = ReasonHeldOut
		return d, !rest
	case place.Sample == rest:
		return d, false
	case rest:
		place.Variant = b.Winner
	}
	v, _ := b.Spec.Variant(place.Variant)
	d.State, d.Origin.Variant, d.Template, d.TemplateVersion = carpel.DeliveryHeld, v.Name, v.Template, v.Version
	return d, true
}

// zones remembers time zones by name: loading one reads a file. Used by one goroutine.
type zones struct{ known map[string]*time.Location }

// maxZones is how many names are remembered, of those that are none as well.
const maxZones = 2000

// of returns a zone; nil for a name that is none.
func (z *zones) of(name string) *time.Location {
	if name == "" || name == "Local" || len(name) > 64 {
		return nil
	}
	zone, ok := z.known[name]
	if !ok {
		if zone, _ = time.LoadLocation(name); z.known == nil || len(z.known) >= maxZones {
			z.known = map[string]*time.Location{}
		}
		z.known[name] = zone
	}
	return zone
}
