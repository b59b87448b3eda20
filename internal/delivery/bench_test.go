package delivery

import (
	"context"
	"fmt"
	"testing"

	"github.com/carpel/carpel"
)

// BenchmarkSend sends messages from planned to told, each to a person of its own: lease with all checks, render, hand to a
// sink that answers at once, end, tell the engine. The records are on the disk.
func BenchmarkSend(b *testing.B) {
	w := newWorld(b)
	if err := w.records.SetSending(b.Context(), w.workspace, carpel.Sending{Caps: []carpel.Cap{{Count: 1000, Hours: 24}}, Quiet: &carpel.Quiet{From: "22:00", To: "08:00"}}); err != nil {
		b.Fatal(err)
	}
	content := carpel.Content{Email: &carpel.EmailContent{Subject: "Hello {{ customer.id }}", Format: "html",
		Body: "<p>Hello {{ customer.name | default: 'you' }}, see <a href='https://example.com/{{ customer.id }}'>what is new</a></p>"}}
	w.options.Content = func(context.Context, string, string, int) (carpel.Content, error) { return content, nil }
	w.start()
	const people = 2000
	var keys []string
	for n := range people {
		keys = append(keys, w.person(fmt.Sprint("u", n), map[string]carpel.Value{"name": carpel.TextValue("Ann"), "plan": carpel.TextValue("pro")}))
	}
	round := 0
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		round++
		var all []carpel.Delivery
		for _, key := range keys {
			all = append(all, carpel.Delivery{Origin: carpel.Origin{Kind: carpel.FromBroadcast, ID: fmt.Sprint("b", round)}, Person: key, Kind: carpel.Email, Consent: true, Mode: carpel.AtMostOnce,
				DueAt: carpel.MillisOf(w.now()), Template: "tpl_1", TemplateVersion: 1})
		}
		if _, err := w.records.PlanDeliveries(b.Context(), w.workspace, all...); err != nil {
			b.Fatal(err)
		}
		before := len(w.sink.got)
		b.StartTimer()
		if err := w.sender.work(b.Context(), b.Context(), w.workspace); err != nil {
			b.Fatal(err)
		}
		if n := len(w.sink.got) - before; n != people {
			b.Fatalf("%d of %d went out", n, people)
		}
	}
	b.ReportMetric(float64(people*b.N)/b.Elapsed().Seconds(), "messages/s")
}
