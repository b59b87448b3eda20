package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/api"
)

type campaignCommand struct {
	List   campaignList   `cmd:"" help:"List campaigns."`
	Show   campaignShow   `cmd:"" help:"Show one campaign, with how many people are at each step."`
	Create campaignCreate `cmd:"" help:"Create a draft from a JSON file with name and spec."`
	Start  campaignStart  `cmd:"" help:"Let a campaign begin, or go on after a pause."`
	Pause  campaignPause  `cmd:"" help:"Hold a campaign: nobody moves, nobody starts."`
}

type campaignList struct {
	State string `help:"draft, live, paused or archived." enum:"draft,live,paused,archived," default:""`
}

// Run lists campaigns.
func (c *campaignList) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		all, query := []api.Campaign{}, url.Values{"limit": {"1000"}}
		if c.State != "" {
			query.Set("state", c.State)
		}
		for {
			var page struct {
				Campaigns []api.Campaign `json:"campaigns"`
				Next      string         `json:"next"`
			}
			if _, err := cl.call(ctx, "GET", "/api/campaigns", query, nil, &page); err != nil {
				return err
			}
			all = append(all, page.Campaigns...)
			if page.Next == "" {
				break
			}
			query.Set("after", page.Next)
		}
		return t.show(map[string]any{"campaigns": all}, func() {
			var rows [][]string
			for _, x := range all {
				rows = append(rows, []string{x.ID, string(x.State), fmt.Sprint(x.Version), string(x.Spec.Trigger.Kind), x.UpdatedAt.Format("2006-01-02 15:04"), x.Name})
			}
			t.table([]string{"ID", "STATE", "VERSION", "STARTS BY", "CHANGED", "NAME"}, rows)
		})
	})
}

type campaignShow struct {
	Campaign string `arg:"" help:"Id."`
}

// Run shows one with its counts.
func (c *campaignShow) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		var x api.Campaign
		var n api.CampaignCounts
		path := "/api/campaigns/" + url.PathEscape(c.Campaign)
		raw, err := cl.call(ctx, "GET", path, nil, nil, &x)
		if err != nil {
			return err
		}
		counts, err := cl.call(ctx, "GET", path+"/counts", nil, nil, &n)
		if err != nil {
			return err
		}
		return t.show(map[string]json.RawMessage{"campaign": raw, "counts": counts}, func() { t.campaign(x, n) })
	})
}

// campaign prints a campaign, step by step.
func (t *terminal) campaign(x api.Campaign, n api.CampaignCounts) {
	fmt.Fprintf(t.Out, "%s  %s, version %d, starts by %s\n", printable(x.Name), x.State, x.Version, x.Spec.Trigger.Kind)
	fmt.Fprintf(t.Out, "%d began: %d under way, %d done, %d taken out; %d reached the goal\n", n.Started, n.Active, n.Done, n.Exited, n.Converted)
	if x.Refused > 0 {
		fmt.Fprintf(t.Out, "%d were not started again: nobody begins it more than ten times a day\n", x.Refused)
	}
	if x.Lost != carpel.Never {
		fmt.Fprintf(t.Out, "what started and ended it was missed until %s\n", x.Lost.Time().Format(time.RFC3339))
	}
	for _, w := range x.Warnings {
		fmt.Fprintln(t.Out, w.Message)
	}
	var rows [][]string
	for _, s := range n.Steps {
		kind, next := "", ""
		if i := slices.IndexFunc(x.Spec.Steps, func(step carpel.CampaignStep) bool { return step.ID == s.Step }); i >= 0 {
			kind, next = string(x.Spec.Steps[i].Kind), x.Spec.Steps[i].Next
		}
		rows = append(rows, []string{s.Step, kind, fmt.Sprint(s.Active), fmt.Sprint(s.Done), fmt.Sprint(s.Exited), next})
	}
	fmt.Fprintln(t.Out)
	t.table([]string{"STEP", "KIND", "HERE", "DONE", "TAKEN OUT", "NEXT"}, rows)
}

type campaignCreate struct {
	File string `short:"f" required:"" help:"A JSON object with name and spec; - for standard input." placeholder:"FILE"`
}

// Run creates a draft.
func (c *campaignCreate) Run(ctx context.Context, t *terminal) error {
	b, err := readAll(c.File, t.In)
	if err != nil {
		return err
	}
	if !json.Valid(b) {
		return carpel.Errorf(carpel.CodeInvalid, "%s is no JSON", c.File)
	}
	return t.with(ctx, func(cl *client) error {
		var x api.Campaign
		raw, err := cl.call(ctx, "POST", "/api/campaigns", nil, json.RawMessage(b), &x)
		if err != nil {
			return err
		}
		return t.show(raw, func() {
			fmt.Fprintln(t.Out, x.ID)
			for _, w := range x.Warnings {
				fmt.Fprintln(t.Out, w.Message)
			}
		})
	})
}

func readAll(file string, in io.Reader) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(in)
	}
	return os.ReadFile(file)
}

type campaignStart struct {
	Campaign string `arg:"" help:"Id."`
}

// Run starts a draft, or resumes what is paused.
func (c *campaignStart) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		var x api.Campaign
		path := "/api/campaigns/" + url.PathEscape(c.Campaign)
		if _, err := cl.call(ctx, "GET", path, nil, nil, &x); err != nil {
			return err
		}
		verb := "/start"
		if x.State == carpel.CampaignPaused {
			verb = "/resume"
		}
		return t.turnCampaign(ctx, cl, path+verb)
	})
}

type campaignPause struct {
	Campaign string `arg:"" help:"Id."`
}

// Run pauses one.
func (c *campaignPause) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		return t.turnCampaign(ctx, cl, "/api/campaigns/"+url.PathEscape(c.Campaign)+"/pause")
	})
}

// turnCampaign asks for another state and tells it.
func (t *terminal) turnCampaign(ctx context.Context, cl *client, path string) error {
	var x api.Campaign
	raw, err := cl.call(ctx, "POST", path, nil, nil, &x)
	if err != nil {
		return err
	}
	return t.show(raw, func() { fmt.Fprintf(t.Out, "%s is %s\n", x.ID, x.State) })
}
