package records_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

// The first mark of a kind counts; a machine's are apart, and another workspace's deliveries are not touched.
func TestMarkDeliveries(t *testing.T) {
	db, clock, _ := open(t)
	ours, theirs := workspace(t, db), workspace(t, db)
	plan := func(workspace string) string {
		t.Helper()
		d := carpel.Delivery{Origin: carpel.Origin{Kind: carpel.FromTransactional}, Person: "p_1", Kind: carpel.Email, Mode: carpel.AtLeastOnce}
		if n, err := db.PlanDeliveries(t.Context(), workspace, d); err != nil || n != 1 {
			t.Fatal(n, err)
		}
		return carpel.DeliveryID(workspace, d.Person, d.Origin)
	}
	id, other := plan(ours), plan(theirs)
	mark := func(m ...records.Mark) {
		t.Helper()
		if err := db.MarkDeliveries(t.Context(), ours, m); err != nil {
			t.Fatal(err)
		}
	}
	mark()
	mark(records.Mark{Delivery: id, What: "delivered", At: 5}, records.Mark{Delivery: id, What: "opened", At: 10, Machine: true}, records.Mark{Delivery: id, What: "clicked"})
	mark(records.Mark{Delivery: id, What: "delivered", At: 4}, records.Mark{Delivery: id, What: "opened", At: 11}, records.Mark{Delivery: id, What: "clicked", At: 12, Machine: true},
		records.Mark{Delivery: id, What: "converted", At: 13}, records.Mark{Delivery: id, What: "bounced", At: 14}, records.Mark{Delivery: id, What: "complained", At: 15},
		records.Mark{Delivery: id, What: "unsubscribed", At: 16}, records.Mark{Delivery: id, What: "sent", At: 17}, records.Mark{Delivery: id, What: "bounced", At: 18, Machine: true},
		records.Mark{Delivery: "dlv_nobody", What: "opened", At: 19}, records.Mark{Delivery: other, What: "opened", At: 20})

	moments := cmpopts.IgnoreFields(carpel.Delivery{}, "ID", "Alias", "Origin", "Person", "Kind", "Mode", "State", "PlannedAt")
	want := carpel.Delivery{DeliveredAt: 5, OpenedAt: 11, ClickedAt: carpel.MillisOf(clock.now()), ConvertedAt: 13, BouncedAt: 14, ComplainedAt: 15, UnsubscribedAt: 16, MachineOpenedAt: 10, MachineClickAt: 12}
	got, err := db.Delivery(t.Context(), ours, id)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, moments); diff != "" {
		t.Error(diff)
	}
	untouched, err := db.Delivery(t.Context(), theirs, other)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(carpel.Delivery{}, untouched, moments); diff != "" {
		t.Errorf("another workspace's: %s", diff)
	}
}
