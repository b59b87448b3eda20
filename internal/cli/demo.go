package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/api"
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
	return `The data go into the data directory "carpel-demo" unless --data says otherwise; the second start finds them there.
The same seed makes the same company, relative to the day of the first start.`
}

// Run makes the company if it is not there, then serves while people go on using it.
func (c *demoCommand) Run(ctx context.Context, t *terminal) error {
	if t.Data == "carpel-data" {
		t.Data = "carpel-demo"
	}
	config := c.config(t)
	config.Guest = true
	s, err := server.Open(ctx, config)
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
	cl := &client{base: "http://carpel", key: s.Local().Key, http: &http.Client{Transport: inProcess{s}}}
	if err := t.found(ctx, db, cl, company); err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if c.Rate > 0 {
			stop(trickle(ctx, db, company, c.Rate)) // nil when ctx has ended already
		}
	}()
	err = s.Run(ctx, func(address string) {
		fmt.Fprintf(t.Err, `Carpel %s is ready, with %s people of a made-up company.

  console  http://%s
  API      http://%[3]s/api/docs

Open the console in a browser on this machine: it lets you in as a guest. Or try, in another terminal:
  carpel segment list --data %[4]s
  carpel segment preview --data %[4]s --nodes 'plan is trial and did project_created at least 3 times in the last 14d'
  carpel segment explain --data %[4]s power-users u00042
`, t.Version, number(db.Stats().People), address, t.Data)
	})
	stop(nil)
	<-done
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		err = errors.Join(err, cause)
	}
	return err
}

// found makes the company if it is not there: its segments come last, so that a start that broke off is made up for.
// What was taken before counts once.
func (t *terminal) found(ctx context.Context, db engine.Engine, cl *client, company demo.Company) error {
	segments, err := demo.Segments()
	if err != nil {
		return err
	}
	have, err := cl.segments(ctx, url.Values{"tag": {"demo"}})
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, s := range have {
		there[s.Name] = true
	}
	if len(have) == 0 {
		fmt.Fprintf(t.Err, "Making up %s people and %d days, once …\n", number(int64(company.People)), company.Days)
		if err := t.fill(ctx, db, company); err != nil {
			return err
		}
	}
	bar := t.progress(int64(len(segments)), "building segments", false)
	defer bar.Finish() // drawing only
	for _, s := range segments {
		_ = bar.Add(1) // drawing only
		if there[s.Name] {
			continue
		}
		body := map[string]any{"name": s.Name, "description": s.Description, "tags": s.Tags, "kind": s.Kind}
		if s.Definition != nil {
			body["definition"] = json.RawMessage(carpel.Canonical(s.Definition))
		}
		var made api.Segment
		if _, err := cl.call(ctx, "POST", "/api/segments", nil, body, &made); err != nil {
			return fmt.Errorf("segment %q: %w", s.Name, err)
		}
		if s.Kind == carpel.Manual {
			members := map[string]any{"add": []string{"u00003", "u00017", "u00042", "u00128", "u00256"}}
			if _, err := cl.call(ctx, "POST", "/api/segments/"+made.ID+"/members", nil, members, nil); err != nil {
				return fmt.Errorf("segment %q: %w", s.Name, err)
			}
		} else if _, err := t.waitBuilt(ctx, cl, made.ID); err != nil {
			return err
		}
	}
	return nil
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
			if _, err := db.Commit(ctx, company.Trickle(run, n, now)); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}
