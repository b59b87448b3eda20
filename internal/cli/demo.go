package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/demo"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/server"
)

type demoCommand struct {
	People      int     `help:"How many people." default:"20000"`
	Days        int     `help:"How many days of history." default:"90"`
	Rate        float64 `help:"Live visits a second; 0 for none." default:"2"`
	Seed        uint64  `help:"Another seed makes another company." default:"1"`
	serverFlags `embed:""`
}

// Help is shown below the flags.
func (demoCommand) Help() string {
	return `The data go into the data directory "carpel-demo" unless --data says otherwise; the second start finds them there.`
}

// Run makes the company if it is not there, then serves while people go on using it.
func (c *demoCommand) Run(ctx context.Context, t *terminal) error {
	if t.Data == "carpel-data" {
		t.Data = "carpel-demo"
	}
	s, err := server.Open(ctx, c.config(t))
	if err != nil {
		return err
	}
	return errors.Join(c.serve(ctx, t, s), s.Close(context.WithoutCancel(ctx)))
}

func (c *demoCommand) serve(ctx context.Context, t *terminal, s *server.Server) error {
	company := demo.Company{People: c.People, Days: c.Days, Seed: c.Seed, Now: time.Now()}
	db, release, err := s.Engine(ctx, s.Local().Workspace)
	if err != nil {
		return err
	}
	defer release()
	if db.Stats().People == 0 {
		if err := t.fill(ctx, db, company); err != nil {
			return err
		}
	}
	if c.Rate > 0 {
		live, stop := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- trickle(live, db, company, c.Rate) }()
		defer func() {
			stop()
			<-done
		}()
	}
	return s.Run(ctx, func(address string) {
		fmt.Fprintf(t.Err, `Carpel %s is ready, with %s people of a made-up company.

  API    http://%s/api/docs

Try, in another terminal:
  carpel segment list --data %[4]s
  carpel segment preview --data %[4]s --nodes 'plan is trial and did project_created at least 3 times in the last 14d'
  carpel segment explain --data %[4]s power-users u00042
`, t.Version, number(db.Stats().People), address, t.Data)
	})
}

// fill commits the company's history.
func (t *terminal) fill(ctx context.Context, db engine.Engine, company demo.Company) error {
	bar := t.progress(int64(company.People), "making up people", false)
	defer bar.Finish()
	var batch []carpel.Item
	commit := func() error {
		outcomes, err := db.Commit(ctx, batch)
		if err != nil {
			return err
		}
		for i, o := range outcomes {
			if o.Refused != nil {
				return fmt.Errorf("%s was refused: %w", batch[i].Kind, o.Refused)
			}
		}
		batch = batch[:0]
		return nil
	}
	last := ""
	for it := range company.Items {
		batch = append(batch, it)
		if it.Person.UserID != last {
			last = it.Person.UserID
			_ = bar.Add(1) // drawing only
		}
		if len(batch) == carpel.MaxItems {
			if err := commit(); err != nil {
				return err
			}
		}
	}
	return commit()
}

// trickle lets people go on using the service until ctx ends.
func trickle(ctx context.Context, db engine.Engine, company demo.Company, rate float64) error {
	run := fmt.Sprintf("live-%d", time.Now().UnixNano())
	tick := time.NewTicker(time.Duration(float64(time.Second) / rate))
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			if _, err := db.Commit(ctx, company.Trickle(run, n, now)); err != nil {
				return err
			}
		}
	}
}
