package ingest

import (
	"encoding/json"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/carpel/carpel"
)

// batchBody is a batch as SDKs send it, of n events of some 700 bytes.
func batchBody(n int) []byte {
	var b strings.Builder
	b.WriteString(`{"batch":[`)
	for i := range n {
		fmt.Fprintf(&b, `%s{"type":"track","messageId":"ajs-next-%032d","anonymousId":"6f5c0a9e-3b1f-4d8e-9a57-%012d","userId":"user-%d","event":"Order Completed",`+
			`"properties":{"order_id":"%d","total":%d.25,"currency":"USD","coupon":"SPRING","products":[{"product_id":"p-1","price":19.5,"quantity":2}],"first":false},`+
			`"context":{"page":{"path":"/checkout","url":"https://shop.example/checkout?step=3","title":"Checkout"},"userAgent":"Mozilla/5.0 (X11; Linux x86_64)",`+
			`"locale":"de-DE","library":{"name":"analytics.js","version":"npm:next-1.70.0"}},"integrations":{},"timestamp":"2026-03-01T12:00:00.000Z"}`,
			map[bool]string{true: ","}[i > 0], i, i, i, i, i)
	}
	return []byte(b.String() + `]}`)
}

// clock measures processor time, which other work on the machine does not stretch.
type clock syscall.Rusage

func startClock(b *testing.B) *clock {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return (*clock)(&r)
}

func (c *clock) report(b *testing.B, events int) {
	now := startClock(b)
	spent := now.Utime.Nano() + now.Stime.Nano() - c.Utime.Nano() - c.Stime.Nano()
	b.ReportMetric(float64(spent)/float64(b.N)/float64(events), "cpu-ns/event")
}

// BenchmarkScan scans batches of a hundred events and reads the properties and the context of each.
func BenchmarkScan(b *testing.B) {
	const n = 100
	body := batchBody(n)
	d := &Document{}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	cpu := startClock(b)
	for b.Loop() {
		if err := d.Scan(body, "batch"); err != nil {
			b.Fatal(err)
		}
		for _, item := range d.Root().Get("batch").Items() {
			it := &Item{}
			it.Properties = it.Values(item.Get("properties"), "/properties", "", nil)
			it.Context = it.Values(item.Get("context"), "/context", "", nil)
			it.MessageID = it.ID(item.Get("messageId"), "", carpel.MaxIDBytes)
		}
	}
	cpu.report(b, n)
}

// BenchmarkScanOnly scans the same batches and reads nothing.
func BenchmarkScanOnly(b *testing.B) {
	const n = 100
	body := batchBody(n)
	d := &Document{}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	cpu := startClock(b)
	for b.Loop() {
		if err := d.Scan(body, "batch"); err != nil {
			b.Fatal(err)
		}
	}
	cpu.report(b, n)
}

// BenchmarkEncodingJSON decodes the same batches with the standard library, for comparison.
func BenchmarkEncodingJSON(b *testing.B) {
	const n = 100
	body := batchBody(n)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	cpu := startClock(b)
	for b.Loop() {
		var v map[string]any
		if err := json.Unmarshal(body, &v); err != nil {
			b.Fatal(err)
		}
	}
	cpu.report(b, n)
}
