package records_test

import (
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

// BenchmarkPlanBroadcast writes an audience of 100,000 in pages of 10,000, each durable, into a table that has some
// already. ns/person is what one costs.
func BenchmarkPlanBroadcast(b *testing.B) {
	db, err := records.Open(b.Context(), filepath.Join(b.TempDir(), "records.db"), records.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	w, err := db.CreateWorkspace(b.Context(), carpel.Workspace{Name: "w", Zone: "UTC"})
	if err != nil {
		b.Fatal(err)
	}
	const page, people = 10_000, 100_000
	random := rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		bc := sending(b, db, w.ID, people)
		cursor := ""
		for at := 0; at < people; at += page {
			p := records.BroadcastPage{From: cursor, To: fmt.Sprint(at), Done: at+page == people}
			for range page {
				key := "p_" + base32.HexEncoding.EncodeToString(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, random.Uint64()), random.Uint64()))
				p.Deliveries = append(p.Deliveries, carpel.Delivery{Origin: carpel.Origin{Kind: carpel.FromBroadcast, ID: bc.ID, Variant: "A"}, Person: key, Kind: carpel.Email,
					Template: "tpl_abcdefghij", Consent: true, Mode: carpel.AtMostOnce, State: carpel.DeliveryHeld})
			}
			if _, err := db.PlanBroadcast(b.Context(), w.ID, bc.ID, p); err != nil {
				b.Fatal(err)
			}
			cursor = p.To
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*people), "ns/person")
}

// sending makes a broadcast that is being planned.
func sending(t testing.TB, db *records.DB, workspace string, people int64) carpel.Broadcast {
	t.Helper()
	b, err := db.CreateBroadcast(t.Context(), workspace, carpel.Broadcast{Name: "news", Spec: carpel.BroadcastSpec{
		Audience: []byte(`{"attribute":"plan","op":"is","value":"pro"}`), Variants: []carpel.BroadcastVariant{{Template: "tpl_abcdefghij"}}}})
	if err == nil {
		b, err = db.MoveBroadcast(t.Context(), workspace, b.ID, records.BroadcastMove{Move: carpel.SendBroadcast})
	}
	if err == nil {
		b, err = db.SetAudience(t.Context(), workspace, b.ID, records.Audience{Roll: []byte("roll"), People: people, Versions: []int{1}})
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}
