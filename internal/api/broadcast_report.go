package api

import (
	"cmp"
	"maps"
	"slices"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/campaign"
	"github.com/carpel/carpel/internal/records"
)

// Numbers are what became of messages. Opens and clicks by machines are apart, and not among the others.
type Numbers struct {
	Waiting        int64 `json:"waiting" doc:"Not gone out yet."`
	Sent           int64 `json:"sent"`
	Delivered      int64 `json:"delivered"`
	Opened         int64 `json:"opened"`
	Clicked        int64 `json:"clicked"`
	Converted      int64 `json:"converted"`
	Bounced        int64 `json:"bounced"`
	Complained     int64 `json:"complained"`
	Unsubscribed   int64 `json:"unsubscribed"`
	Failed         int64 `json:"failed"`
	Unknown        int64 `json:"unknown" doc:"May have gone out: a crash came between."`
	Skipped        int64 `json:"skipped"`
	MachineOpened  int64 `json:"machine_opened"`
	MachineClicked int64 `json:"machine_clicked"`
	Rates          Rates `json:"rates"`
}

// Rates are shares of the sent, from 0 to 1.
type Rates struct {
	Delivered    float64 `json:"delivered"`
	Opened       float64 `json:"opened"`
	Clicked      float64 `json:"clicked"`
	Converted    float64 `json:"converted"`
	Bounced      float64 `json:"bounced" doc:"Of the sent and the bounced."`
	Complained   float64 `json:"complained"`
	Unsubscribed float64 `json:"unsubscribed"`
}

// add counts a tally.
func (n *Numbers) add(t records.Tally) {
	n.Sent += t.Sent
	n.Delivered += t.Delivered
	n.Opened += t.Opened
	n.Clicked += t.Clicked
	n.Converted += t.Converted
	n.Bounced += t.Bounced
	n.Complained += t.Complained
	n.Unsubscribed += t.Unsubscribed
	n.MachineOpened += t.MachineOpened
	n.MachineClicked += t.MachineClicked
	switch t.State {
	case carpel.DeliveryHeld, carpel.DeliveryPlanned, carpel.DeliveryAttempting:
		n.Waiting += t.Deliveries
	case carpel.DeliveryFailed:
		n.Failed += t.Deliveries
	case carpel.DeliveryUnknown:
		n.Unknown += t.Deliveries
	case carpel.DeliverySkipped:
		n.Skipped += t.Deliveries
	}
}

// rated returns the numbers with their rates.
func (n Numbers) rated() Numbers {
	of := func(x, whole int64) float64 { return float64(x) / float64(max(whole, 1)) }
	n.Rates = Rates{of(n.Delivered, n.Sent), of(n.Opened, n.Sent), of(n.Clicked, n.Sent), of(n.Converted, n.Sent), of(n.Bounced, n.Sent+n.Bounced), of(n.Complained, n.Sent), of(n.Unsubscribed, n.Sent)}
	return n
}

// BroadcastReport is what became of a broadcast.
type BroadcastReport struct {
	People    int64           `json:"people" doc:"In the audience, once it stands: each has a delivery, or is gone, or still waits to be planned."`
	Gone      int64           `json:"gone" doc:"Erased, or merged into others, before their delivery was written."`
	Unplanned int64           `json:"unplanned" doc:"Who has no delivery yet: planning goes on, or the winner is not known."`
	Numbers   Numbers         `json:"numbers"`
	Skipped   []ReasonCount   `json:"skipped" doc:"Who got nothing, by reason."`
	Variants  []VariantReport `json:"variants"`
	HoldOut   HoldOutReport   `json:"hold_out"`
	Step      string          `json:"step" enum:"hour,day" doc:"Of the steps."`
	Steps     []ReportStep    `json:"steps" doc:"Over time, from the start on."`
}

// VariantReport is what became of a variant.
type VariantReport struct {
	Name     string  `json:"name"`
	Template string  `json:"template"`
	Winner   bool    `json:"winner"`
	Numbers  Numbers `json:"numbers"`
}

// HoldOutReport is what those did who got nothing, to compare with.
type HoldOutReport struct {
	People    int64   `json:"people"`
	Converted int64   `json:"converted"`
	Rate      float64 `json:"rate"`
}

// ReportStep is what happened in an hour or a day.
type ReportStep struct {
	At           carpel.Millis `json:"at" doc:"Its start."`
	Sent         int64         `json:"sent"`
	Delivered    int64         `json:"delivered"`
	Opened       int64         `json:"opened"`
	Clicked      int64         `json:"clicked"`
	Converted    int64         `json:"converted"`
	Bounced      int64         `json:"bounced"`
	Complained   int64         `json:"complained"`
	Unsubscribed int64         `json:"unsubscribed"`
}

type reportBroadcastIn struct {
	ID   string `path:"id" doc:"Id of the broadcast."`
	Step string `query:"step" enum:"hour,day" doc:"Hours in the first two days, then days, if left out."`
}

type broadcastReportOut struct{ Body BroadcastReport }

const (
	hour, day    = carpel.Millis(3_600_000), carpel.Millis(86_400_000)
	maxTimeSteps = 24 * 31
)

func (a *API) reportBroadcast(c *call, in *reportBroadcastIn) (*broadcastReportOut, error) {
	b, err := a.Records.Broadcast(c, c.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	tallies, err := a.Records.Tallies(c, c.Workspace, b.ID)
	if err != nil {
		return nil, err
	}
	out := &broadcastReportOut{BroadcastReport{People: b.People, Gone: b.Gone, Skipped: []ReasonCount{}, Variants: []VariantReport{}, Steps: []ReportStep{}}}
	all, skipped, variants, deliveries := Numbers{}, map[string]int64{}, map[string]*Numbers{}, int64(0)
	for _, v := range b.Spec.Variants {
		variants[v.Name] = &Numbers{}
	}
	for _, t := range tallies {
		deliveries += t.Deliveries
		if t.Reason == campaign.ReasonHeldOut && t.State == carpel.DeliverySkipped {
			out.Body.HoldOut.People += t.Deliveries
			out.Body.HoldOut.Converted += t.Converted
			t.Converted = 0
		}
		all.add(t)
		if n := variants[t.Variant]; n != nil {
			n.add(t)
		}
		if t.State == carpel.DeliverySkipped {
			skipped[t.Reason] += t.Deliveries
		}
	}
	out.Body.Unplanned = max(0, b.People-b.Gone-deliveries)
	out.Body.Numbers = all.rated()
	out.Body.HoldOut.Rate = float64(out.Body.HoldOut.Converted) / float64(max(out.Body.HoldOut.People, 1))
	for _, reason := range slices.Sorted(maps.Keys(skipped)) {
		out.Body.Skipped = append(out.Body.Skipped, ReasonCount{reason, skipped[reason]})
	}
	for _, v := range b.Spec.Variants {
		out.Body.Variants = append(out.Body.Variants, VariantReport{v.Name, v.Template, v.Name == b.Winner, variants[v.Name].rated()})
	}
	out.Body.Step, out.Body.Steps, err = a.timeSteps(c, b.ID, b.StartedAt, in.Step)
	return out, err
}

// timeSteps counts what became of an origin's deliveries over time, from a moment until now.
func (a *API) timeSteps(c *call, origin string, from carpel.Millis, step string) (string, []ReportStep, error) {
	out, now := []ReportStep{}, carpel.MillisOf(a.Now())
	step = cmp.Or(step, map[bool]string{true: "hour", false: "day"}[now-from <= 2*day])
	if from == 0 {
		return step, out, nil
	}
	length := map[string]carpel.Millis{"hour": hour, "day": day}[step]
	start := from - from%length
	n := int(min((now-start)/length+1, maxTimeSteps))
	counts, err := a.Records.TimeSteps(c, c.Workspace, origin, start, length, n)
	if err != nil {
		return step, nil, err
	}
	for i := range n {
		out = append(out, ReportStep{start + carpel.Millis(i)*length, counts["sent"][i], counts["delivered"][i], counts["opened"][i], counts["clicked"][i], counts["converted"][i], counts["bounced"][i],
			counts["complained"][i], counts["unsubscribed"][i]})
	}
	return step, out, nil
}
