package campaign

import (
	"fmt"
	"slices"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

// commit is one transaction, held against every promise before it is taken over.
func (w *simWorld) commit(b records.JourneyBatch) {
	if b.Merge != nil {
		for id, j := range w.journeys {
			if j.Person == b.Merge.From {
				j.Person = b.Merge.To
				w.journeys[id] = j
				w.merged[b.Merge.To] = true
			}
		}
	}
	for _, d := range b.Deliveries {
		w.checkSend(d)
		d.ID = carpel.DeliveryID("ws", d.Person, d.Origin)
		if _, twice := w.deliveries[d.ID]; twice {
			w.fault("step %s of %s sends twice", d.Origin.Step, d.Origin.Occurrence)
		}
		w.deliveries[d.ID] = d
	}
	var begun []carpel.Journey // after those that end in the same transaction
	for _, j := range b.Journeys {
		old, known := w.journeys[j.ID]
		if !known {
			begun = append(begun, j)
			continue
		}
		w.checkMove(old, j)
		w.journeys[j.ID] = j
	}
	slices.SortStableFunc(begun, func(a, b carpel.Journey) int { return strings.Compare(string(b.State), string(a.State)) }) // active ones last
	for _, j := range begun {
		w.checkStart(j)
		w.journeys[j.ID] = j
	}
	for _, e := range b.Path {
		if e.N != len(w.path[e.Journey])+1 {
			w.fault("entry %d of the path of %s follows %d", e.N, e.Journey, len(w.path[e.Journey]))
		}
		w.path[e.Journey] = append(w.path[e.Journey], e)
	}
	for _, m := range b.Converted {
		d := w.deliveries[m.Delivery]
		if d.ConvertedAt == 0 {
			d.ConvertedAt = m.At
		}
		w.deliveries[m.Delivery] = d
	}
	w.updates = append(w.updates, b.Updates...)
	for _, person := range b.Erase {
		for id, j := range w.journeys {
			if j.Person == person {
				delete(w.journeys, id)
				delete(w.path, id)
			}
		}
	}
	if b.Reader != "" {
		w.cursors[b.Reader] = b.Cursor
	}
}

// checkSend: the filter holds at the moment of a send, and no paused campaign sends.
func (w *simWorld) checkSend(d carpel.Delivery) {
	l := w.live(d.Origin.ID)
	if l.State != carpel.CampaignLive {
		w.fault("%s sends while %s", l.ID, l.State)
	}
	p := w.programs[fmt.Sprint(d.Origin.ID, d.Origin.Version)]
	if p.filter == nil || d.Kind == carpel.Webhook {
		return
	}
	if ok, err := w.answer(d.Person, p.filter); err == nil && !ok {
		w.fault("%s is sent %s against the filter", d.Person, d.Origin.Step)
	}
}

// checkMove: a wait ends neither early nor late, a journey that is over stays so, and nobody moves in a paused campaign.
func (w *simWorld) checkMove(old, j carpel.Journey) {
	if j.Waiting && j.State != carpel.JourneyActive {
		w.fault("%s is over and waits", j.ID)
	}
	if old.State != carpel.JourneyActive && (j.State != old.State || j.Moves != old.Moves) {
		w.fault("%s moves after its end", j.ID)
	}
	if !old.Waiting || j.Moves == old.Moves || j.State == carpel.JourneyExited && j.Reason != carpel.ExitedByFilter {
		return
	}
	first := w.path[j.ID][len(w.path[j.ID])-1].N // what it waited at
	if first != old.Moves {
		w.fault("%s: path and journey differ", j.ID)
	}
	p := w.programs[fmt.Sprint(old.Campaign, old.Version)]
	s, l := p.steps[old.Step], w.live(j.Campaign)
	if s.Event != "" && w.now < old.DueAt {
		return // the event came
	}
	if w.now < old.DueAt {
		w.fault("%s leaves %s at %s, before %s", j.ID, old.Step, w.now, old.DueAt)
	}
	if late := w.now - max(old.DueAt, l.LiveSince); late > simRound {
		w.fault("%s leaves %s late by %d ms", j.ID, old.Step, late)
	}
}

// checkStart: the rule of re-entry holds, and nothing starts in a campaign that is not live. Of people whom a merge brought
// journeys, which the rule could not know of, nothing is said.
func (w *simWorld) checkStart(j carpel.Journey) {
	l := w.live(j.Campaign)
	if l.State != carpel.CampaignLive {
		w.fault("%s starts while %s", j.Campaign, l.State)
	}
	if j.Version != l.Version {
		w.fault("%s starts with version %d of %d", j.Campaign, j.Version, l.Version)
	}
	rule, today := l.Program.Spec.Reentry.Rule, 0
	for _, o := range w.find(func(o carpel.Journey) bool { return o.Campaign == j.Campaign && o.Person == j.Person }) {
		if o.StartedAt > w.now-day {
			today++
		}
		switch {
		case rule == "" || rule == carpel.ReentryNever:
			w.fault("%s enters %s again", j.Person, j.Campaign)
		case rule == carpel.ReentryAfterExit && o.State == carpel.JourneyActive:
			w.fault("%s is in %s twice", j.Person, j.Campaign)
		case rule == carpel.ReentryAfterExit && o.EndedAt+l.Program.reentryWait > w.now && l.Program.reentryWait > 0:
			w.fault("%s enters %s again too soon", j.Person, j.Campaign)
		}
	}
	if today >= maxStarts {
		w.fault("%s begins %s for the %dth time today", j.Person, j.Campaign, today+1)
	}
}

// checkRest: after a turn nobody is left where they may not be.
func (w *simWorld) checkRest() {
	for _, j := range w.journeys {
		if j.State != carpel.JourneyActive {
			continue
		}
		p := w.programs[fmt.Sprint(j.Campaign, j.Version)]
		key, who := w.resolve(j.Person)
		switch {
		case who == nil:
			w.fault("%s is of nobody", j.ID)
			continue
		case key != j.Person:
			w.fault("%s is of %s, who was merged into %s", j.ID, j.Person, key)
		case j.DueAt <= w.now && w.live(j.Campaign).State == carpel.CampaignLive:
			w.fault("%s is due and was not moved", j.ID)
		}
		if p.fits == nil {
			continue
		}
		if ok, _ := w.answer(j.Person, p.fits); !ok {
			w.fault("%s stays in %s, which no longer fits", j.Person, j.Campaign)
		}
	}
	if len(w.updates) > 0 {
		w.fault("%d updates are untold", len(w.updates))
	}
}
