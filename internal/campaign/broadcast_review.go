package campaign

import (
	"context"
	"slices"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/records"
)

// Review is what sending a broadcast right now would do.
type Review struct {
	People    int64 // in the audience
	Excluded  []ReasonCount
	Reachable int64 // who would get a message
	Variants  []ReasonCount
	Samples   []OnReview
}

// ReasonCount is how many people there are for a reason, or of a variant.
type ReasonCount struct {
	Reason string
	People int64
}

// OnReview is somebody who would get a message.
type OnReview struct{ Person, Variant string }

// ReviewBroadcast counts whom a broadcast would reach and whom not, exactly as planning would, and picks people to show:
// of each variant at least one, if samples are enough.
func ReviewBroadcast(ctx context.Context, r *records.DB, db engine.Engine, workspace carpel.Workspace, b carpel.Broadcast, samples int) (*Review, error) {
	audience, err := carpel.ParseCondition(b.Spec.Audience)
	if err != nil {
		return nil, err
	}
	p := &planner{records: r, engine: db, workspace: workspace}
	out, err := p.exclusions(ctx, b.Spec)
	if err != nil {
		return nil, err
	}
	sending, err := r.Sending(ctx, workspace.ID)
	if err != nil {
		return nil, err
	}
	out = append(out, Capped(b.Spec.Kind, sending))
	roll, err := db.Freeze(ctx, engine.FreezeQuery{Condition: audience, Parts: conditions(out)})
	if err != nil {
		return nil, err
	}
	review := &Review{People: roll.Count()}
	for i, e := range out {
		review.Excluded = append(review.Excluded, ReasonCount{e.Reason, roll.Counts[i+1]})
	}
	return review, review.places(ctx, db, b, roll, samples)
}

// places goes through everybody who is not left out.
func (r *Review) places(ctx context.Context, db engine.Engine, b carpel.Broadcast, roll *engine.Roll, samples int) error {
	heldOut, variants := int64(0), map[string]int64{}
	var picked []OnReview
	for q := (engine.RollQuery{People: roll.People, Limit: 10_000}); ; {
		page, err := db.ReadRoll(ctx, q)
		if err != nil {
			return err
		}
		for _, who := range page.People {
			if who.Part > 0 {
				continue
			}
			place := b.Spec.Place(b.ID, who.Person)
			if place.HeldOut {
				heldOut++
				continue
			}
			r.Reachable++
			if variants[place.Variant]++; variants[place.Variant] <= int64(samples) {
				picked = append(picked, OnReview{who.Person, place.Variant})
			}
		}
		if q.After = page.Next; q.After == "" {
			break
		}
	}
	r.Excluded = append(r.Excluded, ReasonCount{ReasonHeldOut, heldOut})
	for _, v := range b.Spec.Variants {
		r.Variants = append(r.Variants, ReasonCount{v.Name, variants[v.Name]})
	}
	r.Samples = pick(picked, b.Spec, samples)
	return nil
}

// pick takes people of the variants in turn.
func pick(from []OnReview, spec carpel.BroadcastSpec, n int) (out []OnReview) {
	for len(out) < n && len(from) > 0 {
		for _, v := range spec.Variants {
			i := slices.IndexFunc(from, func(p OnReview) bool { return p.Variant == v.Name })
			if i >= 0 && len(out) < n {
				out = append(out, from[i])
				from = slices.Delete(from, i, i+1)
			}
		}
	}
	return out
}
