package delivery

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
	"github.com/carpel/carpel/internal/render"
)

// A message goes out as it was written, with what identifies it, and the engine hears of it.
func TestSend(t *testing.T) {
	w := newWorld(t)
	w.options.Track = func(string, carpel.Delivery) render.Links {
		return render.Links{Unsubscribe: "https://example.com/u/1"}
	}
	w.options.Name = func(context.Context, string, carpel.Origin) (string, error) { return "Spring", nil }
	w.start()
	if err := w.records.SetSending(t.Context(), w.workspace, carpel.Sending{From: "Shop <shop@example.com>"}); err != nil {
		t.Fatal(err)
	}
	key := w.person("ann", nil)
	id := w.plan(carpel.Delivery{Person: key, Consent: true, Topic: "news", Data: []byte(`{"event":{"total":12.5}}`),
		Content: &carpel.Content{Email: &carpel.EmailContent{Subject: "{{ campaign.name }} {{ event.total }}", Format: "html", Body: "<p>Hi {{ customer.id }}</p>"}}})
	w.turn()
	if got := w.state(id); got != "sent  1" {
		t.Fatal(got, w.delivery(id).Detail)
	}
	m := w.sink.got[0]
	want := carpel.EmailMessage{From: "Shop <shop@example.com>", To: "ann@example.com", Subject: "Spring 12.5", Unsubscribe: "https://example.com/u/1",
		ListID: "news." + w.workspace, FeedbackID: "b1:broadcast:" + w.workspace + ":carpel", HTML: m.Email.HTML, Text: m.Email.Text}
	if diff := cmp.Diff(want, *m.Email); diff != "" {
		t.Error(diff)
	}
	if m.Delivery != id || m.Person != key || m.Attempt != 1 || m.Recipient != "ann@example.com" {
		t.Errorf("%+v", m)
	}
	d := w.delivery(id)
	if d.Channel != "sandbox" || d.Recipient != "ann@example.com" || d.SentAt != carpel.MillisOf(w.now()) {
		t.Errorf("%+v", d)
	}
	if diff := cmp.Diff([]string{"sent"}, w.actions(key)); diff != "" {
		t.Errorf("the engine was told: %s", diff)
	}
	if due, err := w.records.DueDeliveries(t.Context()); err != nil || len(due) > 0 {
		t.Errorf("still to be done: %v, %v", due, err)
	}
}

// What must hold at the moment of sending, whatever held when it was planned: each row plans a message, then changes
// something.
func TestChecks(t *testing.T) {
	yes, no := carpel.BoolValue(true), carpel.BoolValue(false)
	set := func(name string, v carpel.Value) func(*world) {
		return func(w *world) { w.person("ann", map[string]carpel.Value{name: v}) }
	}
	sending := func(s carpel.Sending) func(*world) {
		return func(w *world) {
			if err := w.records.SetSending(w.t.Context(), w.workspace, s); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	suppress := func(w *world) {
		if err := w.records.Suppress(w.t.Context(), w.workspace, carpel.Suppression{Kind: carpel.Email, Address: "ANN@example.com", Reason: carpel.SuppressedByHand}); err != nil {
			w.t.Fatal(err)
		}
	}
	optIn := sending(carpel.Sending{Topics: []carpel.Topic{{Key: "news", Name: "News", OptIn: true}}})
	for _, test := range []struct {
		name   string
		d      carpel.Delivery
		change []func(*world)
		want   string
	}{
		{"nothing", carpel.Delivery{Consent: true}, nil, "sent  1"},
		{"unsubscribed", carpel.Delivery{Consent: true}, []func(*world){set("unsubscribed", yes)}, "skipped unsubscribed 0"},
		{"unsubscribed by a text", carpel.Delivery{Consent: true}, []func(*world){set("unsubscribed", carpel.TextValue("True"))}, "skipped unsubscribed 0"},
		{"subscribed again", carpel.Delivery{Consent: true}, []func(*world){set("unsubscribed", yes), set("unsubscribed", no)}, "sent  1"},
		{"a receipt to the unsubscribed", carpel.Delivery{}, []func(*world){set("unsubscribed", yes)}, "sent  1"},
		{"refused the topic", carpel.Delivery{Consent: true, Topic: "news"}, []func(*world){set("topic.news", no)}, "skipped topic 0"},
		{"refused another topic", carpel.Delivery{Consent: true, Topic: "news"}, []func(*world){set("topic.other", no)}, "sent  1"},
		{"never chose a topic", carpel.Delivery{Consent: true, Topic: "news"}, []func(*world){optIn}, "skipped topic 0"},
		{"chose a topic", carpel.Delivery{Consent: true, Topic: "news"}, []func(*world){optIn, set("topic.news", yes)}, "sent  1"},
		{"suppressed", carpel.Delivery{Consent: true}, []func(*world){suppress}, "skipped suppressed 0"},
		{"a receipt to the suppressed", carpel.Delivery{}, []func(*world){suppress}, "skipped suppressed 0"},
		{"no email", carpel.Delivery{}, []func(*world){set("email", carpel.Value{})}, "skipped no_address 0"},
		{"an email that is none", carpel.Delivery{}, []func(*world){set("email", carpel.TextValue("a b@example.com"))}, "skipped bad_address 0"},
		{"no device", carpel.Delivery{Kind: carpel.Push, Content: &carpel.Content{Push: &carpel.PushContent{Title: "x", Body: "y"}}}, nil, "skipped no_address 0"},
		{"erased", carpel.Delivery{}, []func(*world){func(w *world) { w.commit(carpel.Item{Kind: carpel.ItemErase, Person: carpel.PersonRef{UserID: "ann"}}) }}, "skipped no_person 0"},
		{"erased with the messages", carpel.Delivery{}, []func(*world){func(w *world) {
			p, err := w.engine.Person(w.t.Context(), carpel.PersonRef{UserID: "ann"})
			if err != nil {
				w.t.Fatal(err)
			}
			if err := w.records.EraseMessages(w.t.Context(), w.workspace, records.Erased{People: []string{p.Key}, IDs: p.Identities}); err != nil {
				w.t.Fatal(err)
			}
		}}, "skipped erased 0"},
		{"a missing variable", carpel.Delivery{Content: &carpel.Content{Email: &carpel.EmailContent{Subject: "{{ customer.plan }}", Format: "html", Body: "x"}}}, nil, "skipped missing_variable 1"},
		{"a template that is gone", carpel.Delivery{Template: "tpl_gone", TemplateVersion: 1}, nil, "failed template 1"},
		{"quiet hours", carpel.Delivery{Consent: true}, []func(*world){sending(carpel.Sending{Quiet: &carpel.Quiet{From: "11:00", To: "13:00"}})}, "planned  0"},
		{"quiet hours elsewhere", carpel.Delivery{Consent: true}, []func(*world){sending(carpel.Sending{Quiet: &carpel.Quiet{From: "11:00", To: "13:00"}}), set("timezone", carpel.TextValue("Asia/Tokyo"))}, "sent  1"},
		{"a receipt in quiet hours", carpel.Delivery{}, []func(*world){sending(carpel.Sending{Quiet: &carpel.Quiet{From: "11:00", To: "13:00"}})}, "sent  1"},
		{"a cap of others", carpel.Delivery{Consent: true}, []func(*world){sending(carpel.Sending{Caps: []carpel.Cap{{Kind: carpel.Push, Count: 1, Hours: 1}}})}, "sent  1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			test.d.Person = w.person("ann", nil)
			id := w.plan(test.d)
			w.pass(time.Millisecond)
			for _, change := range test.change {
				w.pass(time.Millisecond)
				change(w)
			}
			w.turn()
			if got := w.state(id); got != test.want {
				t.Errorf("%q, want %q: %s", got, test.want, w.delivery(id).Detail)
			}
			if sent := len(w.sink.got) > 0; sent != (test.want == "sent  1") {
				t.Errorf("%d messages went out", len(w.sink.got))
			}
		})
	}
}

// What quiet hours hold back goes out when they end, and caps let through what they may.
func TestQuietHoursEnd(t *testing.T) {
	w := newWorld(t)
	if err := w.records.SetSending(t.Context(), w.workspace, carpel.Sending{Quiet: &carpel.Quiet{From: "11:00", To: "13:00"}, Caps: []carpel.Cap{{Count: 2, Hours: 24}}}); err != nil {
		t.Fatal(err)
	}
	key := w.person("ann", nil)
	var ids []string
	for n := range 3 {
		ids = append(ids, w.plan(carpel.Delivery{Person: key, Consent: true, Origin: carpel.Origin{ID: fmt.Sprint("b", n)}}))
	}
	receipt := w.plan(carpel.Delivery{Person: key, Origin: carpel.Origin{ID: "receipt"}})
	w.turn()
	if got := w.state(ids[0]) + " " + w.state(receipt); got != "planned  0 sent  1" {
		t.Errorf("in quiet hours: %s", got)
	}
	w.pass(59*time.Minute + 59*time.Second)
	w.turn()
	if got := w.state(ids[0]); got != "planned  0" {
		t.Errorf("a second before they end: %s", got)
	}
	w.pass(time.Second)
	w.turn()
	var states []string
	for _, id := range ids {
		states = append(states, w.state(id))
	}
	slices.Sort(states)
	if diff := cmp.Diff([]string{"sent  1", "sent  1", "skipped cap 0"}, states); diff != "" {
		t.Error(diff)
	}
}

// What receivers say decides what becomes of a message.
func TestOutcomes(t *testing.T) {
	for _, test := range []struct {
		mode    carpel.DeliveryMode
		outcome Outcome
		want    string
		told    []string
	}{
		{carpel.AtMostOnce, Outcome{Result: Accepted}, "sent  1", []string{"sent"}},
		{carpel.AtMostOnce, Outcome{Result: Refused}, "failed refused 1", []string{"failed"}},
		{carpel.AtMostOnce, Outcome{Result: Bounced}, "failed bounced 1", []string{"bounced"}},
		{carpel.AtMostOnce, Outcome{Result: Deferred}, "planned deferred 1", nil},
		{carpel.AtMostOnce, Outcome{Result: Failed}, "planned channel 1", nil},
		{carpel.AtMostOnce, Outcome{Result: Uncertain}, "unknown uncertain 1", nil},
		{carpel.AtLeastOnce, Outcome{Result: Uncertain}, "planned uncertain 1", nil},
		{carpel.AtMostOnce, Outcome{}, "planned channel 1", nil},
	} {
		t.Run(fmt.Sprint(test.mode, test.outcome.Result), func(t *testing.T) {
			w := newWorld(t)
			test.outcome.Detail = "their words"
			w.sink.answer = func(*carpel.Message) Outcome { return test.outcome }
			key := w.person("ann", nil)
			id := w.plan(carpel.Delivery{Person: key, Mode: test.mode})
			w.turn()
			if got := w.state(id); got != test.want || w.delivery(id).Detail != "their words" {
				t.Errorf("%q, want %q: %s", got, test.want, w.delivery(id).Detail)
			}
			if diff := cmp.Diff(test.told, w.actions(key)); diff != "" {
				t.Errorf("told: %s", diff)
			}
			_, err := w.records.Suppression(t.Context(), w.workspace, carpel.Email, "ann@example.com")
			if suppressed := err == nil; suppressed != (test.outcome.Result == Bounced) {
				t.Errorf("suppressed: %v", suppressed)
			}
		})
	}
}

// A panic of a channel is as a crash: at most once the delivery is unknown, and the sender goes on.
func TestPanic(t *testing.T) {
	w := newWorld(t)
	w.sink.answer = func(m *carpel.Message) Outcome {
		if m.Recipient == "ann@example.com" {
			panic("boom")
		}
		return Outcome{Result: Accepted}
	}
	ann, bob := w.plan(carpel.Delivery{Person: w.person("ann", nil)}), w.plan(carpel.Delivery{Person: w.person("bob", nil)})
	w.turn()
	if got := w.state(ann) + "; " + w.state(bob); got != "unknown uncertain 1; sent  1" {
		t.Error(got)
	}
}

// The wait doubles from one try to the next, is what the receiver asked for when that is longer, and ends after 72 hours
// with the receiver's words.
func TestRetries(t *testing.T) {
	w := newWorld(t)
	w.sink.answer = func(m *carpel.Message) Outcome {
		o := Outcome{Result: Deferred, Detail: fmt.Sprint("busy ", m.Attempt)}
		if m.Attempt == 3 {
			o.RetryAfter = 10 * time.Minute
		}
		return o
	}
	began := w.now()
	id := w.plan(carpel.Delivery{Person: w.person("ann", nil)})
	var waits []time.Duration
	for w.delivery(id).State == carpel.DeliveryPlanned {
		before := w.now()
		w.turn()
		d := w.delivery(id)
		if d.State != carpel.DeliveryPlanned {
			break
		}
		due := time.UnixMilli(int64(d.DueAt))
		waits = append(waits, due.Sub(before).Round(time.Second))
		w.pass(due.Sub(before) - time.Millisecond)
		w.turn()
		if n := w.delivery(id).Attempt; n != d.Attempt {
			t.Fatalf("tried %d times before it was due", n)
		}
		w.pass(time.Millisecond)
	}
	if diff := cmp.Diff([]time.Duration{15 * time.Second, 30 * time.Second, 10 * time.Minute, 2 * time.Minute, 4 * time.Minute}, waits[:5]); diff != "" {
		t.Error(diff)
	}
	if longest := slices.Max(waits); longest != 3*time.Hour {
		t.Errorf("the longest wait is %s", longest)
	}
	d := w.delivery(id)
	if d.State != carpel.DeliveryFailed || d.Reason != ReasonDeferred || d.Detail != fmt.Sprint("busy ", d.Attempt) {
		t.Errorf("in the end: %+v", d)
	}
	if after := w.now().Sub(began); after < 69*time.Hour || after > 72*time.Hour {
		t.Errorf("it failed after %s", after)
	}
}

// A process that dies between sending and knowing: at most once nothing is sent twice and all that may be missing is named;
// at least once nothing is missing, and what is sent again has the same id.
func TestCrashBetween(t *testing.T) {
	for _, mode := range []carpel.DeliveryMode{carpel.AtMostOnce, carpel.AtLeastOnce} {
		t.Run(string(mode), func(t *testing.T) {
			w := newWorld(t)
			ctx, kill := context.WithCancel(t.Context())
			var held sync.WaitGroup
			release := make(chan struct{})
			w.sink.answer = func(m *carpel.Message) Outcome {
				if m.Attempt == 1 { // taken, and the answer never comes to be kept
					held.Done()
					<-release
				}
				return Outcome{Result: Accepted}
			}
			const people = 20
			held.Add(people)
			var ids []string
			for n := range people {
				ids = append(ids, w.plan(carpel.Delivery{Person: w.person(fmt.Sprint("u", n), nil), Mode: mode}))
			}
			done := make(chan error, 1)
			old := w.sender
			go func() { done <- old.work(ctx, context.WithoutCancel(ctx), w.workspace) }()
			held.Wait()
			w.restart() // the records of the old one are closed under it: nothing of it is kept any more
			w.turn()
			want := "unknown crash 1"
			if mode == carpel.AtLeastOnce {
				want = "sent  2"
			}
			counts := map[string]int{}
			for _, m := range w.sink.got {
				counts[m.Delivery]++
			}
			for _, id := range ids {
				if got := w.state(id); got != want {
					t.Errorf("%q, want %q", got, want)
				}
				if n := counts[id]; n != map[carpel.DeliveryMode]int{carpel.AtMostOnce: 1, carpel.AtLeastOnce: 2}[mode] {
					t.Errorf("sent %d times", n)
				}
			}
			close(release)
			kill()
			if err := <-done; err == nil {
				t.Error("a sender whose records are gone reports nothing")
			}
		})
	}
}

// An outcome that comes after its lease was taken for dead changes nothing.
func TestLateOutcome(t *testing.T) {
	w := newWorld(t)
	id := w.plan(carpel.Delivery{Person: w.person("ann", nil)})
	w.sink.answer = func(*carpel.Message) Outcome {
		w.pass(time.Hour)
		if _, unknown, err := w.records.ExpireLeases(t.Context(), w.sender.process); err != nil || unknown != 1 {
			t.Error(unknown, err)
		}
		return Outcome{Result: Accepted}
	}
	w.turn()
	if got := w.state(id); got != "unknown crash 1" {
		t.Error(got)
	}
}

// What the engine could not be told is told later, once.
func TestToldLater(t *testing.T) {
	w := newWorld(t)
	key := w.person("ann", nil)
	id := w.plan(carpel.Delivery{Person: key})
	if _, _, err := w.records.LeaseDeliveries(t.Context(), w.workspace, records.Lease{ID: "old.1", Limit: 1, Until: math.MaxInt64, Check: func(carpel.Delivery, *records.LeaseTx) (records.Verdict, error) {
		return records.Verdict{State: carpel.DeliveryAttempting}, nil
	}}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.records.EndDeliveries(t.Context(), w.workspace, []records.Ended{{ID: id, Lease: "old.1", Attempt: 1, State: carpel.DeliverySent, SentAt: carpel.MillisOf(w.now()), Tell: true}}, nil); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		w.turn()
		if diff := cmp.Diff([]string{"sent"}, w.actions(key)); diff != "" {
			t.Error(diff)
		}
		due, err := w.records.DueDeliveries(t.Context())
		if err != nil || len(due) > 0 {
			t.Errorf("still to be told: %v, %v", due, err)
		}
	}
}

// A channel lets no more through than its rate, and no more to one domain than its rate for domains, and everybody gets
// theirs in the end.
func TestRate(t *testing.T) {
	w := newWorld(t)
	settings := map[string]any{"rate": 20.0, "domain_rate": 5.0}
	w.options.Channels = func(context.Context, string) ([]carpel.Channel, error) {
		return []carpel.Channel{{ID: "ch_1", Kind: carpel.Email, Provider: carpel.SMTP, On: true, Settings: settings}}, nil
	}
	w.options.Open = func(carpel.Channel) (Channel, error) { return w.sink, nil }
	w.start()
	const people = 60
	for n := range people {
		domain := []string{"a.example", "b.example"}[min(n%6, 1)] // ten to a, fifty to b
		w.plan(carpel.Delivery{Person: w.person(fmt.Sprint("u", n), map[string]carpel.Value{"email": carpel.TextValue(fmt.Sprint("u", n, "@", domain))})})
	}
	seconds := 0
	for before := 0; len(w.sink.got) < people && seconds < 20; seconds++ {
		w.turn()
		by := map[string]int{}
		for _, to := range w.sink.to()[before:] {
			by[to[strings.IndexByte(to, '@')+1:]]++
		}
		if before += by["a.example"] + by["b.example"]; by["a.example"] > 5 || by["b.example"] != 5 {
			t.Errorf("in second %d: %v", seconds, by)
		}
		w.pass(time.Second)
	}
	if seconds != 10 {
		t.Errorf("it took %d seconds", seconds)
	}
}

// The sender finds by itself what is due, in all workspaces, and gives back what it did not begin when it stops.
func TestRun(t *testing.T) {
	w := newWorld(t)
	w.options.Workers = 1
	w.start()
	first, began, release := make(chan struct{}, 10), make(chan struct{}, 10), make(chan struct{})
	w.sink.answer = func(m *carpel.Message) Outcome {
		if m.Recipient == "first@example.com" {
			first <- struct{}{}
			return Outcome{Result: Accepted}
		}
		began <- struct{}{}
		<-release
		return Outcome{Result: Accepted}
	}
	id := w.plan(carpel.Delivery{Person: w.person("first", nil)})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.sender.Run(ctx) }()
	<-first
	var ids []string
	for n := range 5 {
		ids = append(ids, w.plan(carpel.Delivery{Person: w.person(fmt.Sprint("u", n), nil)}))
	}
	w.sender.Wake()
	<-began
	stop()
	close(release)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	states := map[string]int{}
	for _, id := range append(ids, id) {
		states[w.state(id)]++
	}
	if states["sent  1"] != len(w.sink.got) || states["sent  1"]+states["planned  0"] != 6 || len(w.sink.got) < 2 {
		t.Errorf("%v after %d went out", states, len(w.sink.got))
	}
}
