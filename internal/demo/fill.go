package demo

import (
	"fmt"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// Commit hands items to an engine.
type Commit func([]carpel.Item) ([]engine.Outcome, error)

// Fill commits the company's history and puts its beta testers into the manual segment of that id; without an id there are
// none. What was taken before counts once: a call that broke off is made up for by another. progress, if not nil, is told
// how many people are there.
func (c Company) Fill(commit Commit, betaTesters string, progress func(people int)) error {
	b := batch{commit: commit}
	last, people := "", 0
	for it := range c.Items {
		if it.Person.UserID != last {
			last = it.Person.UserID
			people++
		}
		b.items = append(b.items, it)
		if len(b.items) < carpel.MaxItems {
			continue
		}
		if err := b.flush(); err != nil {
			return err
		}
		if progress != nil {
			progress(people)
		}
	}
	for _, n := range []int{3, 17, 42, 128, 256} {
		if n >= c.People || betaTesters == "" {
			break
		}
		id := userID(n)
		b.items = append(b.items, carpel.Item{Kind: carpel.ItemMember, MessageID: "demo-tester-" + id, Person: carpel.PersonRef{UserID: id}, At: carpel.MillisOf(c.Now),
			Received: carpel.MillisOf(c.Now), Source: "demo", Segment: &carpel.MemberChange{ID: betaTesters, Cause: carpel.CauseManual}})
	}
	return b.flush()
}

// batch is items on their way.
type batch struct {
	commit Commit
	items  []carpel.Item
}

// flush commits the items: one that is refused is a fault of ours.
func (b *batch) flush() error {
	outcomes, err := b.commit(b.items)
	if err != nil {
		return err
	}
	for i, o := range outcomes {
		if o.Refused != nil {
			return fmt.Errorf("%s was refused: %w", b.items[i].Kind, o.Refused)
		}
	}
	b.items = b.items[:0]
	return nil
}
