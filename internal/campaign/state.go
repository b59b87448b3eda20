package campaign

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

// Facts are what is known about a person at a moment, by the names of [Want].
type Facts struct {
	Zone    *time.Location // nil: not known yet
	Answers map[string]bool
}

// Want is a fact that a journey needs to go on: the answer to a condition, or the person's zone (Condition nil).
type Want struct {
	Name      string
	Condition carpel.Condition
}

// Outcome is what comes of one step of the state machine. With Wants, nothing came of it yet: the journey is as it was,
// and the step is taken again once these facts are known.
type Outcome struct {
	Wants      []Want
	Journey    carpel.Journey
	Path       []carpel.PathEntry
	Deliveries []carpel.Delivery // of sends without Kind and TemplateVersion, which the template knows
	Updates    []records.Update
}

// Step moves a journey as far as it goes at a moment. It is a function of its arguments alone: no clock, no data, no
// chance. A journey that is over, or not due, stays as it is.
//
//	start ─ filter ─▶ step ─▶ step ─▶ … ─▶ done
//	                   │ wait: until DueAt      │ exit step, filter before a send, trigger that no longer fits
//	                   ▼                        ▼
//	                (due)                     exited
//
// Behind an update it rests at the next step, due at once: what the update changes must be told before the next step asks.
func Step(p *Program, j carpel.Journey, now carpel.Millis, f Facts) Outcome {
	if j.State != carpel.JourneyActive || now < j.DueAt {
		return Outcome{Journey: j}
	}
	m := &machine{program: p, now: now, facts: f, out: Outcome{Journey: j}}
	m.run()
	if len(m.out.Wants) > 0 {
		return Outcome{Journey: j, Wants: m.out.Wants}
	}
	return m.out
}

// Arrive moves a journey that waits for an event on to the step behind it, which is due at once.
func Arrive(p *Program, j carpel.Journey, now carpel.Millis) Outcome {
	m := &machine{program: p, now: now, out: Outcome{Journey: j}}
	if s := p.steps[j.Step]; s != nil && j.State == carpel.JourneyActive && j.Waiting && s.Event != "" {
		m.enter(s.Next, "event")
	}
	return m.out
}

// Exit takes a journey out.
func Exit(j carpel.Journey, now carpel.Millis, reason string) Outcome {
	m := &machine{now: now, out: Outcome{Journey: j}}
	if j.State == carpel.JourneyActive {
		m.end(carpel.JourneyExited, reason)
	}
	return m.out
}

// machine is one step under way.
type machine struct {
	program *Program
	now     carpel.Millis
	facts   Facts
	out     Outcome
}

func (m *machine) run() {
	j := &m.out.Journey
	switch s := m.program.steps[j.Step]; {
	case j.Step == "":
		if ok, known := m.answer("filter", m.program.filter); !known {
			return
		} else if !ok {
			m.end(carpel.JourneyExited, carpel.ExitedByFilter)
			return
		}
		m.enter(m.program.first, "started")
	case s == nil: // moved by hand to a version without it
		m.end(carpel.JourneyExited, carpel.ExitedByHand)
	case j.Waiting && s.Event != "":
		m.enter(s.Else, "timeout")
	case j.Waiting:
		m.enter(s.Next, "waited")
	}
	// A circle holds a wait, so each step comes at most once.
	for range len(m.program.steps) + 1 {
		if j.State != carpel.JourneyActive || !m.do(m.program.steps[j.Step]) {
			return
		}
	}
}

// enter goes to a step, which is then to be done; "" is the end.
func (m *machine) enter(to, how string) {
	j := &m.out.Journey
	if to == "" {
		m.end(carpel.JourneyDone, "")
		return
	}
	from, s := m.program.steps[j.Step], m.program.steps[to]
	if from != nil && s.index <= from.index {
		j.Lap++
	}
	j.Step, j.Waiting, j.StepAt, j.DueAt = to, false, m.now, m.now
	m.note(to, how)
}

func (m *machine) note(step, what string) {
	j := &m.out.Journey
	j.Moves++
	m.out.Path = append(m.out.Path, carpel.PathEntry{Journey: j.ID, N: j.Moves, At: m.now, Step: step, What: what})
}

func (m *machine) end(state carpel.JourneyState, reason string) {
	j := &m.out.Journey
	j.State, j.Reason, j.Waiting, j.EndedAt, j.DueAt = state, reason, false, m.now, carpel.Never
	if reason == "" {
		reason = string(state)
	}
	m.note("", reason)
}

// answer returns what is known of a condition; nothing asked is true.
func (m *machine) answer(name string, c carpel.Condition) (ok, known bool) {
	if c == nil {
		return true, true
	}
	if ok, known = m.facts.Answers[name]; !known {
		m.out.Wants = append(m.out.Wants, Want{name, c})
	}
	return ok, known
}

// do does the step at hand and reports whether the journey goes on at once, with the step that is then at hand.
func (m *machine) do(s *step) bool {
	switch s.Kind {
	case carpel.StepSend:
		return m.send(s)
	case carpel.StepWait:
		return m.wait(m.now + s.wait)
	case carpel.StepWaitUntil:
		return m.waitUntil(s)
	case carpel.StepBranch:
		return m.branch(s)
	case carpel.StepUpdate:
		j := m.out.Journey
		m.out.Updates = append(m.out.Updates, records.Update{MessageID: fmt.Sprintf("%s:%s:%d", j.ID, s.ID, j.Lap), Person: j.Person, At: m.now, Attributes: s.Attributes})
		m.enter(s.Next, "next")
		return false
	case carpel.StepWebhook:
		d := m.delivery(s)
		d.Kind, d.Content, d.Mode = carpel.Webhook, &carpel.Content{Webhook: s.Webhook}, carpel.AtLeastOnce
		m.out.Deliveries = append(m.out.Deliveries, d)
		m.enter(s.Next, "next")
		return true
	}
	m.end(carpel.JourneyExited, carpel.ExitedByStep)
	return false
}

// send plans a message, if the filter and the trigger still fit.
func (m *machine) send(s *step) bool {
	for _, check := range []struct {
		name, reason string
		condition    carpel.Condition
	}{{"filter", carpel.ExitedByFilter, m.program.filter}, {"trigger", carpel.ExitedUnmatched, m.program.fits}} {
		if ok, known := m.answer(check.name, check.condition); !known {
			return false
		} else if !ok {
			m.end(carpel.JourneyExited, check.reason)
			return false
		}
	}
	d := m.delivery(s)
	d.Template, d.Topic, d.Consent, d.Mode = s.Template, m.program.Spec.Topic, !s.Everyone, m.program.Spec.Mode
	if d.Mode == "" {
		d.Mode = carpel.AtMostOnce
	}
	m.out.Deliveries = append(m.out.Deliveries, d)
	m.enter(s.Next, "next")
	return true
}

// delivery is what a step plans. Its occurrence is the journey, and which time it came by.
func (m *machine) delivery(s *step) carpel.Delivery {
	j := m.out.Journey
	occurrence := j.ID
	if j.Lap > 0 {
		occurrence = fmt.Sprintf("%s.%d", j.ID, j.Lap)
	}
	return carpel.Delivery{Origin: carpel.Origin{Kind: carpel.FromCampaign, ID: j.Campaign, Version: j.Version, Step: s.ID, Occurrence: occurrence},
		Person: j.Person, DueAt: m.now, Data: j.Data}
}

func (m *machine) wait(until carpel.Millis) bool {
	m.out.Journey.Waiting, m.out.Journey.DueAt = true, until
	return false
}

func (m *machine) waitUntil(s *step) bool {
	if s.Event != "" {
		return m.wait(m.now + s.wait)
	}
	if m.facts.Zone == nil {
		m.out.Wants = append(m.out.Wants, Want{Name: "zone"})
		return false
	}
	return m.wait(s.nextAt(m.now, m.facts.Zone))
}

func (m *machine) branch(s *step) bool {
	if s.Branches[0].Percent > 0 {
		m.enter(s.Branches[m.share(s)].Next, "branch")
		return true
	}
	for i, c := range s.ifs {
		ok, known := m.answer(fmt.Sprintf("%s/%d", s.ID, i), c)
		if !known {
			return false
		}
		if ok {
			m.enter(s.Branches[i].Next, "branch")
			return true
		}
	}
	m.enter(s.Else, "branch")
	return true
}

// share picks a way by the hash of the journey and the step, the same whenever it is asked.
func (m *machine) share(s *step) int {
	h := sha256.Sum256(fmt.Appendf(nil, "share\x00%s\x00%s\x00%d", m.out.Journey.ID, s.ID, m.out.Journey.Lap))
	at := float64(binary.BigEndian.Uint64(h[:])>>11) / (1 << 53) * 100
	for i, b := range s.Branches {
		if at -= b.Percent; at < 0 {
			return i
		}
	}
	return len(s.Branches) - 1
}
