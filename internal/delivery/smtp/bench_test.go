package smtp_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/carpel/carpel/internal/delivery"
	"github.com/carpel/carpel/internal/delivery/smtp"
)

// BenchmarkSend hands messages of 20 kB to a sink in the same process, over TLS and 8 connections.
func BenchmarkSend(b *testing.B) {
	keys, err := smtp.NewKeys()
	if err != nil {
		b.Fatal(err)
	}
	for _, row := range []struct {
		name    string
		secrets map[string]string
	}{{"unsigned", nil}, {"ed25519", map[string]string{smtp.DKIMEd25519: keys[smtp.DKIMEd25519]}}, {"rsa", map[string]string{smtp.DKIMRSA: keys[smtp.DKIMRSA]}}, {"both", keys}} {
		b.Run(row.name, func(b *testing.B) {
			s := newSink(b, func(s *sink) { s.discard = true })
			settings := map[string]any{"connections": 8, "messages": 1000}
			if row.secrets != nil {
				settings["dkim_domain"] = "example.com"
			}
			c := channel(b, s.roots, s.port, settings, row.secrets)
			html := "<p>" + strings.Repeat("A paragraph of a newsletter, with an ümlaut. ", 400) + "</p>"
			var n atomic.Int64
			b.SetParallelism(4)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					m := email(fmt.Sprint(n.Add(1)))
					m.Email.HTML = html
					if o := c.Send(b.Context(), m); o.Result != delivery.Accepted {
						b.Error(o)
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
		})
	}
}
