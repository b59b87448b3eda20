package api

import (
	"fmt"
	"slices"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/campaign"
	"github.com/carpel/carpel/internal/render"
)

// BroadcastReview is what sending a broadcast right now would do.
type BroadcastReview struct {
	Sentence  string            `json:"sentence" doc:"The audience in plain words."`
	People    int64             `json:"people" doc:"In the audience."`
	Reachable int64             `json:"reachable" doc:"Who would get a message."`
	Confirm   bool              `json:"confirm" doc:"Whether the number of the reachable must be given to send it."`
	Excluded  []ReasonCount     `json:"excluded" doc:"Who of the audience would get none, each for the first reason that applies."`
	Variants  []VariantCount    `json:"variants" doc:"How many would get which variant; of a test with a winner the sample and the rest together."`
	Samples   []BroadcastSample `json:"samples" doc:"Messages as real people would get them."`
	Checks    []BroadcastCheck  `json:"checks" doc:"What to look at before."`
}

// ReasonCount is how many people get nothing for a reason.
type ReasonCount struct {
	Reason string `json:"reason" doc:"unsubscribed, topic, no_address, suppressed, cap, hold_out; of deliveries also others."`
	People int64  `json:"people"`
}

// VariantCount is how many people get a variant.
type VariantCount struct {
	Variant string `json:"variant"`
	People  int64  `json:"people"`
}

// BroadcastSample is the message of one person.
type BroadcastSample struct {
	Person  PersonRow        `json:"person"`
	Variant string           `json:"variant"`
	Message *TemplatePreview `json:"message,omitempty"`
	Error   string           `json:"error,omitempty" doc:"Why it cannot be rendered for them."`
}

// BroadcastCheck is something to look at before sending.
type BroadcastCheck struct {
	Code    string `json:"code"`
	Level   string `json:"level" enum:"error,warning" doc:"error: it would not do what was meant."`
	Message string `json:"message"`
	Pointer string `json:"pointer,omitempty"`
}

type broadcastReviewOut struct{ Body BroadcastReview }

const (
	shownSamples   = 3
	checkedSamples = 50 // people whose messages are rendered to find what is missing
)

func (a *API) reviewBroadcast(c *call, in *broadcastPath) (*broadcastReviewOut, error) {
	b, err := a.Records.Broadcast(c, c.Workspace, in.ID)
	if err == nil {
		err = b.Spec.CheckReady()
	}
	if err != nil {
		return nil, specFault(err)
	}
	review, err := a.review(c, b, checkedSamples)
	if err != nil {
		return nil, err
	}
	out := &broadcastReviewOut{BroadcastReview{Sentence: showBroadcast(b).Sentence, People: review.People, Reachable: review.Reachable,
		Confirm: review.Reachable > carpel.ConfirmPeople, Excluded: []ReasonCount{}, Variants: []VariantCount{}, Samples: []BroadcastSample{}, Checks: []BroadcastCheck{}}}
	for _, e := range review.Excluded {
		out.Body.Excluded = append(out.Body.Excluded, ReasonCount{e.Reason, e.People})
	}
	for _, v := range review.Variants {
		out.Body.Variants = append(out.Body.Variants, VariantCount{v.Reason, v.People})
	}
	r := &broadcastReviewer{a: a, call: c, broadcast: b, contents: map[string]carpel.Content{}}
	if err := r.samples(review.Samples); err != nil {
		return nil, err
	}
	if err := r.settings(review); err != nil {
		return nil, err
	}
	out.Body.Samples, out.Body.Checks = orEmpty(r.shown), orEmpty(r.checks)
	return out, nil
}

// broadcastReviewer is one review under way.
type broadcastReviewer struct {
	a         *API
	call      *call
	broadcast carpel.Broadcast
	contents  map[string]carpel.Content // of templates, by variant
	shown     []BroadcastSample
	checks    []BroadcastCheck
}

func (r *broadcastReviewer) check(level, code, pointer, format string, args ...any) {
	r.checks = append(r.checks, BroadcastCheck{Code: code, Level: level, Pointer: pointer, Message: fmt.Sprintf(format, args...)})
}

// samples renders the messages of some people, shows the first, and tells what is missing in how many.
func (r *broadcastReviewer) samples(people []campaign.OnReview) error {
	for i, v := range r.broadcast.Spec.Variants {
		at := fmt.Sprintf("/spec/variants/%d/template", i)
		t, err := r.a.Records.Template(r.call, r.call.Workspace, v.Template)
		if carpel.ErrorCode(err) == carpel.CodeNotFound {
			r.check("error", "template", at, "The template of %s is gone.", v.Name)
			continue
		}
		if err != nil {
			return err
		}
		if _, err := render.Compile(t.Content); err != nil {
			r.check("error", "template", at, "The template of %s has a fault: %v", v.Name, err)
			continue
		}
		r.contents[v.Name] = t.Content
	}
	missing, failed := map[string]int{}, 0
	for _, who := range people {
		content, ok := r.contents[who.Variant]
		if !ok {
			continue
		}
		p, err := r.call.Engine.Person(r.call, carpel.PersonRef{Key: who.Person})
		if carpel.ErrorCode(err) == carpel.CodeNotFound {
			continue // erased since
		}
		if err != nil {
			return err
		}
		sample := BroadcastSample{Person: personRows([]carpel.Person{*p})[0], Variant: who.Variant}
		message, err := r.a.previewOf(r.call, previewed{content: content, person: who.Person})
		switch {
		case carpel.ErrorCode(err) == carpel.CodeInternal:
			return err
		case err != nil:
			failed++
			sample.Error = err.Error()
		default:
			sample.Message = &message.Body
			for _, name := range message.Body.Missing {
				missing[name]++
			}
		}
		if len(r.shown) < shownSamples {
			r.shown = append(r.shown, sample)
		}
	}
	for name, n := range missing {
		r.check("warning", "missing_variable", "", "%s is missing for %d of %d people looked at, who would be skipped: give it a default, or leave them out.", name, n, len(people))
	}
	if failed > 0 {
		r.check("error", "template", "", "The message cannot be made for %d of %d people looked at.", failed, len(people))
	}
	return nil
}

// settings looks at the audience, the channel, and what an email needs.
func (r *broadcastReviewer) settings(review *campaign.Review) error {
	spec := r.broadcast.Spec
	switch {
	case review.People == 0:
		r.check("error", "nobody", "/spec/audience", "Nobody is in the audience.")
	case review.Reachable == 0:
		r.check("error", "nobody", "/spec/audience", "Nobody in the audience can be reached.")
	}
	if spec.Schedule != nil && r.broadcast.State == carpel.BroadcastDraft && spec.Start() < carpel.MillisOf(r.a.Now()) && spec.Schedule.Local == "" {
		r.check("warning", "past", "/spec/schedule", "The time it is scheduled for is past.")
	}
	sending, err := r.a.Records.Sending(r.call, r.call.Workspace)
	if err != nil {
		return err
	}
	channels, err := r.a.Records.Channels(r.call, r.call.Workspace)
	if err != nil {
		return err
	}
	sandbox := !slices.ContainsFunc(channels, func(ch carpel.Channel) bool { return ch.Kind == spec.Kind && ch.On })
	if sandbox {
		r.check("warning", "sandbox", "", "No channel for %s is set up: messages go to the sandbox, and reach nobody.", spec.Kind)
	}
	if spec.Kind != carpel.Email {
		return nil
	}
	if sending.Address == "" {
		r.check("warning", "postal_address", "", "The workspace has no postal address, which many countries ask for in mail to many.")
	}
	for i, v := range spec.Variants {
		content, ok := r.contents[v.Name]
		if !ok || content.Email == nil {
			continue
		}
		at := fmt.Sprintf("/spec/variants/%d/template", i)
		if !strings.Contains(content.Email.Body, "unsubscribe_url") && !strings.Contains(content.Email.Body, "preferences_url") {
			r.check("warning", "unsubscribe", at, "%s has no link to unsubscribe ({{ unsubscribe_url }}).", v.Name)
		}
		if content.Email.From == "" && sending.From == "" {
			r.check("warning", "from", at, "%s does not say who it is from; the channel's sender is used.", v.Name)
		}
	}
	return nil
}
