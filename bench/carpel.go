package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes"
)

const carpelLayout = `internal/engine/stripes through its Engine interface; a count is a Preview without a sample, which also counts who of the
matching people can be reached. Decoded blocks are cached up to the memory given; nothing remembers an answer. Every event has a message id, and is
checked for repeats.`

// carpelEngine is Carpel's embedded engine.
type carpelEngine struct {
	options    Options
	db         *stripes.DB
	conditions map[string]carpel.Condition
}

func newCarpel(o Options) Engine { return &carpelEngine{options: o} }

func (e *carpelEngine) PID() int { return os.Getpid() }

// Start opens the engine. Its clock stands still at the moment of the questions.
func (e *carpelEngine) Start(context.Context) error {
	e.conditions = map[string]carpel.Condition{}
	for _, d := range definitions {
		c, err := d.condition()
		if err != nil {
			return fmt.Errorf("definition %s: %w", d.Key, err)
		}
		e.conditions[d.Key] = c
	}
	var err error
	e.db, err = stripes.Open(filepath.Join(e.options.Dir, "engine"), stripes.Options{
		Now: func() time.Time { return time.UnixMilli(now) }, Budget: stripes.NewBudget(int64(e.options.MemoryMB) << 20)})
	return err
}

func (e *carpelEngine) Stop() error {
	if e.db == nil {
		return nil
	}
	err := e.db.Close()
	e.db = nil
	return err
}

// Count asks for a preview: evaluated over all stripes, whatever segments there are.
func (e *carpelEngine) Count(ctx context.Context, key string) (int64, error) {
	p, err := e.db.Preview(ctx, engine.PreviewQuery{Condition: e.conditions[key]})
	if err != nil {
		return 0, err
	}
	return p.Count, nil
}

// Version is empty: it is this checkout.
func (e *carpelEngine) Version(context.Context) (string, error) { return "", nil }

// loadBatch is about how many items go into one commit.
const loadBatch = 5000

// Load commits everything person by person, as a first import does, and then defines the segment that a definition
// refers to. What is being committed and what is being made up overlap.
func (e *carpelEngine) Load(ctx context.Context, s Scale) error {
	if err := e.Start(ctx); err != nil {
		return err
	}
	batches := make(chan []carpel.Item, 2)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer close(batches)
		var batch []carpel.Item
		hand := func() bool {
			select {
			case batches <- batch:
				batch = nil
				return true
			case <-ctx.Done():
				return false
			}
		}
		for p := range s.All {
			batch = append(batch, identify(p))
			for i := range p.Events {
				batch = append(batch, happened(p, i))
			}
			if len(batch) >= loadBatch && !hand() {
				return
			}
		}
		hand()
	}()
	for batch := range batches {
		if err := e.commit(ctx, batch); err != nil {
			return errors.Join(err, e.Stop())
		}
	}
	return errors.Join(e.defineSegment(ctx), e.Stop())
}

// commit stores a batch and insists that all of it was taken.
func (e *carpelEngine) commit(ctx context.Context, batch []carpel.Item) error {
	outcomes, err := e.db.Commit(ctx, batch)
	if err != nil {
		return err
	}
	for i, o := range outcomes {
		if o.Refused != nil || o.Repeated || len(o.Warnings) > 0 {
			return fmt.Errorf("item %d of %s was not taken as it is: %+v", i, batch[i].Person.UserID, o)
		}
	}
	return nil
}

// defineSegment defines the segment that a definition refers to, and waits until it is live.
func (e *carpelEngine) defineSegment(ctx context.Context) error {
	c, err := carpel.ParseText(segmentText)
	if err != nil {
		return err
	}
	if err := e.db.Define(ctx, engine.Definition{ID: "seg_1", Key: segmentKey, Version: 1, Condition: c}); err != nil {
		return err
	}
	for {
		changed := e.db.Watch()
		st, err := e.db.Status("seg_1")
		if err != nil {
			return err
		}
		if st.State == carpel.StateLive {
			return nil
		}
		if st.State != carpel.StateBuilding {
			return fmt.Errorf("the segment is %s: %s", st.State, st.Reason)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// identify is the item that makes a person.
func identify(p *Person) carpel.Item {
	text := carpel.TextValue
	properties := map[string]carpel.Value{
		"email": text(p.Email), "plan": text(plans[p.Plan]), "country": text(countries[p.Country]), "seats": carpel.NumberValue(float64(p.Seats)),
		"trial": carpel.BoolValue(p.Trial), "created_at": carpel.NumberValue(float64(p.CreatedAt / second)), "role": text(roles[p.Role]),
		"language": text(languages[p.Language]), "score": carpel.NumberValue(p.Score), "source": text(sources[p.Source]),
	}
	if p.MRR >= 0 {
		properties["mrr"] = carpel.NumberValue(float64(p.MRR) / 100)
	}
	if p.Company != "" {
		properties["company"] = text(p.Company)
	}
	return carpel.Item{Kind: carpel.ItemIdentify, Person: carpel.PersonRef{UserID: p.UserID()}, At: carpel.Millis(p.CreatedAt), Received: now, Source: "bench",
		MessageID: fmt.Sprintf("identify-%d", p.ID), Properties: properties}
}

// happened is the item of a person's event.
func happened(p *Person, i int) carpel.Item {
	e := &p.Events[i]
	return carpel.Item{Kind: carpel.ItemEvent, Person: carpel.PersonRef{UserID: p.UserID()}, At: carpel.Millis(e.At), Received: now, Source: "bench",
		MessageID: fmt.Sprintf("event-%d-%d", p.ID, i), Name: eventNames[e.Name],
		Properties: map[string]carpel.Value{"total": carpel.NumberValue(float64(e.Total) / 100), "channel": carpel.TextValue(channels[e.Channel]),
			"sku": carpel.TextValue(e.SKUText())}}
}
