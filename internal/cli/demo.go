package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/server"
)

type demoCommand struct {
	People      int     `help:"How many people." type:"within" range:"1..10000000" default:"20000"`
	Days        int     `help:"How many days of history." type:"within" range:"1..3650" default:"90"`
	Rate        float64 `help:"Live visits a second; 0 for none." type:"within" range:"0..10000" default:"2"`
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
	config.Demo = carpel.Demo{People: c.People, Days: c.Days, Seed: c.Seed}
	if config.DemoRate = c.Rate; c.Rate == 0 {
		config.DemoRate = -1
	}
	s, err := server.Open(ctx, config)
	if err != nil {
		return err
	}
	return errors.Join(c.serve(ctx, t, s), s.Close(context.WithoutCancel(ctx)))
}

func (c *demoCommand) serve(ctx context.Context, t *terminal, s *server.Server) error {
	if err := c.found(ctx, t, s); err != nil {
		return err
	}
	db, release, err := s.Engine(ctx, s.Local().Workspace)
	if err != nil {
		return err
	}
	people := db.Stats().People
	release()
	return s.Run(ctx, func(address string) {
		fmt.Fprintf(t.Err, `Carpel %s is ready, with %s people of a made-up company.

  console  http://%s
  API      http://%[3]s/api/docs

Open the console in a browser on this machine: it lets you in as a guest. Or try, in another terminal:
  carpel segment list --data %[4]s
  carpel segment preview --data %[4]s --nodes 'plan is trial and did project_created at least 3 times in the last 14d'
  carpel segment explain --data %[4]s power-users u00042
`, t.Version, number(people), address, t.Data)
	})
}

// found makes the company if it is not there.
func (c *demoCommand) found(ctx context.Context, t *terminal, s *server.Server) error {
	bar := t.progress(int64(c.People), "making up people", false)
	defer bar.Finish() // drawing only
	told := false
	return s.FoundDemo(ctx, func(people int) {
		if !told {
			fmt.Fprintf(t.Err, "Making up %s people and %d days, once …\n", number(int64(c.People)), c.Days)
			told = true
		}
		_ = bar.Set(people) // drawing only
	})
}
