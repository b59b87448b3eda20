package campaign

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

var (
	simSeeds = flag.Int("campaign.seeds", 300, "how many made-up months to simulate")
	simFirst = flag.Int("campaign.first", 1, "the first seed")
)

// simRound is how late a turn may come.
const simRound = carpel.Millis(60_000)

// A made-up month of segments, events, merges, erasures, edits and pauses keeps every promise, and comes to the same when
// the process dies between any two transactions.
func TestSimulation(t *testing.T) {
	starts, sends, crashes, conversions := 0, 0, 0, 0
	for seed := *simFirst; seed < *simFirst+*simSeeds; seed++ {
		whole, _ := simulate(uint64(seed), 0)
		broken, n := simulate(uint64(seed), 0.1)
		for name, w := range map[string]*simWorld{"without a crash": whole, "with crashes": broken} {
			for _, f := range w.faults[:min(len(w.faults), 5)] {
				t.Errorf("seed %d, %s: %s", seed, name, f)
			}
		}
		if d := cmp.Diff(whole.picture(), broken.picture()); d != "" {
			t.Errorf("seed %d: what comes of it with %d crashes is not what comes of it without:\n%.3000s", seed, n, d)
		}
		if t.Failed() {
			t.FailNow()
		}
		starts, sends, crashes = starts+len(whole.journeys), sends+len(whole.deliveries), crashes+n
		for _, d := range whole.deliveries {
			if d.ConvertedAt != 0 {
				conversions++
			}
		}
	}
	t.Logf("%d journeys, %d deliveries, %d conversions, %d crashes", starts, sends, conversions, crashes)
	if starts < 5**simSeeds || sends < 5**simSeeds || crashes < 10**simSeeds || conversions < *simSeeds {
		t.Errorf("hardly anything happens: %d journeys, %d deliveries, %d conversions, %d crashes", starts, sends, conversions, crashes)
	}
}

var errCrash = errors.New("crash")

// simulate runs the month of a seed. dies is the chance of a crash between two transactions. It returns the world at the
// end, and how often it crashed.
func simulate(seed uint64, dies float64) (*simWorld, int) {
	rng, chance, crashes := rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 2)), 0
	w := newSimWorld(rng)
	for i := range 1 + rng.IntN(3) {
		w.save(fmt.Sprintf("cmp_%d", i), 1, simSpec(rng))
	}
	var d *Desk
	turn := func() {
		for more := true; more; {
			if d == nil {
				d = w.desk(func() error {
					if chance.Float64() < dies {
						return errCrash
					}
					return nil
				})
			}
			d.Campaigns = w.campaigns
			var err error
			more, err = d.Turn(w.now, func() bool { return chance.Float64() < dies/4 }) // and stops at times, to go on
			if err == nil {
				continue
			}
			if !errors.Is(err, errCrash) {
				w.fault("%v", err)
				return
			}
			crashes++
			d, more = nil, true
		}
		w.checkRest()
	}
	turn() // the readers' places are durable before the first campaign begins
	for _, l := range w.campaigns {
		l.State, l.LiveSince = carpel.CampaignLive, w.now
	}
	end := w.now + 30*day
	for w.now < end && len(w.faults) == 0 {
		w.now += carpel.Millis(rng.Int64N(int64(simRound))) // the turn comes a little late
		turn()
		next := w.now + carpel.Millis(rng.Int64N(4*3_600_000))
		for due := w.nextDue(); due < next; due = w.nextDue() {
			w.now = max(w.now, due)
			turn()
		}
		w.now = next
		w.happen(rng)
	}
	turn()
	return w, crashes
}

func (w *simWorld) nextDue() carpel.Millis {
	next := carpel.Never
	for _, j := range w.journeys {
		if j.State == carpel.JourneyActive && w.live(j.Campaign).State == carpel.CampaignLive {
			next = min(next, j.DueAt)
		}
	}
	return next
}

// happen is one to four things that happen at once.
func (w *simWorld) happen(rng *rand.Rand) {
	for range 1 + rng.IntN(4) {
		person := fmt.Sprintf("p_%02d", rng.IntN(len(w.people)))
		other := fmt.Sprintf("p_%02d", rng.IntN(len(w.people)))
		switch n := rng.IntN(100); {
		case n < 45:
			causes := []carpel.Cause{carpel.CauseData, carpel.CauseData, carpel.CauseTime, carpel.CauseImport}
			w.set(person, simAttributes[rng.IntN(3)], rng.IntN(2) == 0, causes[rng.IntN(len(causes))])
		case n < 88:
			age := carpel.Millis(rng.Int64N(int64(4 * day)))
			if rng.IntN(3) > 0 {
				age = 0
			}
			if key, p := w.resolve(person); p != nil {
				w.follow(engine.Followed{Kind: carpel.ItemEvent, Person: key, Name: []string{"X", "Y"}[rng.IntN(2)], At: w.now - age,
					Properties: map[string]carpel.Value{"n": carpel.NumberValue(float64(rng.IntN(2)))}})
			}
		case n < 89:
			w.merge(person, other)
		case n < 90:
			w.erase(person)
		case n < 94:
			l := w.campaigns[rng.IntN(len(w.campaigns))]
			w.save(l.ID, l.Version+1, simSpec(rng))
		default:
			l := w.campaigns[rng.IntN(len(w.campaigns))]
			if l.State = carpel.CampaignPaused; rng.IntN(3) > 0 {
				l.State, l.LiveSince = carpel.CampaignLive, w.now
			}
		}
	}
}

// save makes a version of a campaign.
func (w *simWorld) save(id string, version int, spec carpel.CampaignSpec) {
	p, err := Compile(id, version, spec)
	if err != nil {
		panic(err)
	}
	w.programs[fmt.Sprint(id, version)] = p
	l := w.live(id)
	if l == nil {
		l = &Live{Campaign: carpel.Campaign{ID: id, State: carpel.CampaignPaused, LiveSince: carpel.Never}}
		w.campaigns = append(w.campaigns, l)
	}
	l.Version, l.Spec, l.Program = version, spec, p
}

// simSpec makes up a campaign.
func simSpec(rng *rand.Rand) carpel.CampaignSpec {
	pick := func(all ...string) string { return all[rng.IntN(len(all))] }
	condition := func() json.RawMessage {
		return json.RawMessage(fmt.Sprintf(`{"attribute":%q,"op":"is_true"}`, pick(simAttributes...)))
	}
	where := func() json.RawMessage {
		if rng.IntN(2) == 0 {
			return nil
		}
		return json.RawMessage(`[{"property":"n","op":"is","value":1}]`)
	}
	s := carpel.CampaignSpec{Reentry: carpel.Reentry{Rule: pick("never", "after_exit", "always")}}
	if s.Reentry.Rule != "never" && rng.IntN(2) == 0 {
		s.Reentry.Wait = pick("1h", "3d")
	}
	switch rng.IntN(3) {
	case 0:
		s.Trigger = carpel.CampaignTrigger{Kind: carpel.TriggerEvent, Event: pick("X", "Y"), Where: where()}
	case 1:
		s.Trigger = carpel.CampaignTrigger{Kind: carpel.TriggerEntered, Segment: pick(simAttributes...)}
		s.Members = carpel.CampaignMembers(pick("", "current"))
	case 2:
		s.Trigger = carpel.CampaignTrigger{Kind: carpel.TriggerLeft, Segment: pick(simAttributes...)}
	}
	if s.Trigger.Segment != "" && rng.IntN(2) == 0 {
		s.Exit = carpel.ExitUnmatched
	}
	if rng.IntN(3) == 0 {
		s.Filter = condition()
	}
	if rng.IntN(2) == 0 {
		if s.Goal = (&carpel.Goal{Event: pick("X", "Y"), Where: where(), Within: "5d"}); rng.IntN(2) == 0 {
			s.Goal = &carpel.Goal{Segment: pick(simAttributes...), Leave: rng.IntN(2) == 0, Within: "5d"}
		}
		if s.Exit == "" && rng.IntN(2) == 0 {
			s.Exit = carpel.ExitGoal
		}
	}
	n := 1 + rng.IntN(8)
	for i := range n {
		s.Steps = append(s.Steps, simStep(rng, i, n, pick, condition, where))
	}
	return s
}

// simStep makes up a step. It goes on to a later one, and a wait at times to an earlier.
func simStep(rng *rand.Rand, i, n int, pick func(...string) string, condition, where func() json.RawMessage) carpel.CampaignStep {
	id := func(i int) string { return fmt.Sprintf("s%d", i) }
	next := func() string {
		if to := i + 1 + rng.IntN(2); to < n {
			return id(to)
		}
		return ""
	}
	s := carpel.CampaignStep{ID: id(i), Next: next()}
	switch rng.IntN(9) {
	case 0, 1, 2:
		s.Kind, s.Template = carpel.StepSend, "tpl"
	case 3:
		if s.Kind, s.For = carpel.StepWait, pick("90s", "5h", "2d"); rng.IntN(6) == 0 {
			s.Next, s.For = id(rng.IntN(i+1)), "17h"
		}
	case 4:
		s.Kind, s.At = carpel.StepWaitUntil, pick("00:00", "02:30", "09:00")
		if rng.IntN(2) == 0 {
			s.Weekdays = []string{pick("mon", "sat"), "wed"}
		}
	case 5:
		s.Kind, s.Event, s.Where, s.Timeout, s.Else = carpel.StepWaitUntil, pick("X", "Y"), where(), pick("1h", "4d"), next()
	case 6:
		s.Kind, s.Next = carpel.StepBranch, ""
		if rng.IntN(2) == 0 {
			s.Branches = []carpel.CampaignBranch{{Percent: 30, Next: next()}, {Percent: 70, Next: next()}}
		} else {
			s.Branches, s.Else = []carpel.CampaignBranch{{If: condition(), Next: next()}, {If: condition(), Next: next()}}, next()
		}
	case 7:
		s.Kind, s.Attributes = carpel.StepUpdate, map[string]carpel.Value{pick(simAttributes...): carpel.BoolValue(rng.IntN(2) == 0)}
	case 8:
		if s.Kind = carpel.StepWebhook; rng.IntN(2) == 0 {
			s.Kind, s.Next = carpel.StepExit, ""
		} else {
			s.Webhook = &carpel.WebhookContent{Method: "POST", URL: "https://example.com"}
		}
	}
	return s
}
