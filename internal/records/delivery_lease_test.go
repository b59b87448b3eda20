package records_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

// desk is a workspace with deliveries that a test leases and ends.
type desk struct {
	t         *testing.T
	db        *records.DB
	clock     *clock
	path      string
	workspace string
	leases    int
}

func newDesk(t *testing.T) *desk {
	d := &desk{t: t}
	d.db, d.clock, d.path = open(t)
	d.workspace = workspace(t, d.db)
	return d
}

func (d *desk) now() carpel.Millis { return carpel.MillisOf(d.clock.now()) }

// plan plans an email to a person and returns its id.
func (d *desk) plan(person string, mode carpel.DeliveryMode) string {
	d.t.Helper()
	one := carpel.Delivery{Origin: carpel.Origin{Kind: carpel.FromBroadcast, ID: "b1"}, Person: person, Kind: carpel.Email, Consent: true, Mode: mode, DueAt: d.now(), Data: []byte(`{"event":{}}`)}
	if n, err := d.db.PlanDeliveries(d.t.Context(), d.workspace, one); err != nil || n != 1 {
		d.t.Fatal(n, err)
	}
	return carpel.DeliveryID(d.workspace, person, one.Origin)
}

func attempt(carpel.Delivery, *records.LeaseTx) (records.Verdict, error) {
	return records.Verdict{State: carpel.DeliveryAttempting}, nil
}

func (d *desk) lease(process string, check func(carpel.Delivery, *records.LeaseTx) (records.Verdict, error)) (records.Lease, []carpel.Delivery) {
	d.t.Helper()
	d.leases++
	l := records.Lease{ID: fmt.Sprintf("%s.%d", process, d.leases), Limit: 100, Until: d.now() + carpel.Millis(time.Minute.Milliseconds()), Check: check}
	leased, _, err := d.db.LeaseDeliveries(d.t.Context(), d.workspace, l)
	if err != nil {
		d.t.Fatal(err)
	}
	return l, leased
}

func (d *desk) end(e records.Ended) (late bool) {
	d.t.Helper()
	ids, err := d.db.EndDeliveries(d.t.Context(), d.workspace, []records.Ended{e}, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	return slices.Contains(ids, e.ID)
}

func (d *desk) state(id string) string {
	d.t.Helper()
	one, err := d.db.Delivery(d.t.Context(), d.workspace, id)
	if err != nil {
		d.t.Fatal(err)
	}
	return fmt.Sprintf("%s %s %d", one.State, one.Reason, one.Attempt)
}

// Every way that a delivery can go, by the states it is in after each step.
func TestDeliveryStates(t *testing.T) {
	const again = "planned again"
	for _, test := range []struct {
		mode  carpel.DeliveryMode
		steps []string // what is done
		want  []string // state, reason and attempts after it
	}{
		{carpel.AtMostOnce, []string{"lease", "sent"}, []string{"attempting  1", "sent  1"}},
		{carpel.AtMostOnce, []string{"lease", again, "early", "lease", "failed"}, []string{"attempting  1", "planned deferred 1", "planned deferred 1", "attempting  2", "failed refused 2"}},
		{carpel.AtMostOnce, []string{"lease", "untouched", "lease"}, []string{"attempting  1", "planned  0", "attempting  1"}},
		{carpel.AtMostOnce, []string{"lease", "crash", "lease", "resend", "lease"}, []string{"attempting  1", "unknown crash 1", "unknown crash 1", "planned  1", "attempting  2"}},
		{carpel.AtLeastOnce, []string{"lease", "crash", "resend", "lease", "sent"}, []string{"attempting  1", "planned  1", "planned  1", "attempting  2", "sent  2"}},
		{carpel.AtMostOnce, []string{"lease", "slow", "sent"}, []string{"attempting  1", "unknown crash 1", "unknown crash 1"}},
		{carpel.AtLeastOnce, []string{"lease", "slow", "sent", "lease", "sent"}, []string{"attempting  1", "planned  1", "planned  1", "attempting  2", "sent  2"}},
		{carpel.AtMostOnce, []string{"skip", "lease", "cancel", "resend"}, []string{"skipped cap 0", "skipped cap 0", "skipped cap 0", "skipped cap 0"}},
		{carpel.AtMostOnce, []string{"wait", "lease"}, []string{"planned  0", "planned  0"}},
		{carpel.AtMostOnce, []string{"cancel", "lease"}, []string{"skipped cancelled 0", "skipped cancelled 0"}},
		{carpel.AtMostOnce, []string{"lease", "cancel", "sent"}, []string{"attempting  1", "attempting  1", "sent  1"}},
		{carpel.AtMostOnce, []string{"erase", "lease"}, []string{"skipped erased 0", "skipped erased 0"}},
		{carpel.AtMostOnce, []string{"lease", "erase", "sent"}, []string{"attempting  1", "attempting erased 1", "sent erased 1"}},
		{carpel.AtMostOnce, []string{"lease", "erase", "crash", "resend"}, []string{"attempting  1", "attempting erased 1", "unknown erased 1", "unknown erased 1"}},
		{carpel.AtMostOnce, []string{"lease", "sent", "sent", "crash", "erase"}, []string{"attempting  1", "sent  1", "sent  1", "sent  1", "sent  1"}},
	} {
		t.Run(fmt.Sprint(test.mode, test.steps), func(t *testing.T) {
			d := newDesk(t)
			id := d.plan("p_1", test.mode)
			var last records.Ended
			ended := 0
			for i, step := range test.steps {
				switch step {
				case "lease":
					if l, leased := d.lease("here", attempt); len(leased) == 1 {
						last = records.Ended{ID: id, Lease: l.ID, Attempt: leased[0].Attempt, Recipient: "a@example.com", Detail: "words"}
					}
				case "skip", "wait":
					d.lease("here", func(one carpel.Delivery, _ *records.LeaseTx) (records.Verdict, error) {
						if step == "skip" {
							return records.Verdict{State: carpel.DeliverySkipped, Reason: "cap"}, nil
						}
						return records.Verdict{State: carpel.DeliveryPlanned, DueAt: one.DueAt + 1}, nil
					})
				case "sent", "failed", again, "untouched":
					e := last
					switch step {
					case "sent":
						e.State, e.SentAt = carpel.DeliverySent, d.now()
					case "failed":
						e.State, e.Reason = carpel.DeliveryFailed, "refused"
					case again:
						e.State, e.Reason, e.DueAt = carpel.DeliveryPlanned, "deferred", d.now()+10
					case "untouched":
						e.State, e.Untouched = carpel.DeliveryPlanned, true
					}
					if late := d.end(e); late != (i > 0 && test.want[i] == test.want[i-1]) {
						t.Errorf("step %d, %s: late is %v", i, step, late)
					}
					ended++
				case "early":
					if _, leased := d.lease("here", attempt); len(leased) > 0 {
						t.Error("leased before it was due")
					}
					d.clock.pass(10 * time.Millisecond)
				case "crash":
					if _, _, err := d.db.ExpireLeases(t.Context(), "there"); err != nil {
						t.Fatal(err)
					}
				case "slow":
					d.clock.pass(2 * time.Minute)
					if _, _, err := d.db.ExpireLeases(t.Context(), "here"); err != nil {
						t.Fatal(err)
					}
				case "resend":
					if _, err := d.db.ResendUnknown(t.Context(), d.workspace, "me", records.UnknownDeliveries{Origin: "b1"}); err != nil {
						t.Fatal(err)
					}
				case "cancel":
					if _, err := d.db.CancelDeliveries(t.Context(), d.workspace, carpel.FromBroadcast, "b1"); err != nil {
						t.Fatal(err)
					}
				case "erase":
					if err := d.db.EraseMessages(t.Context(), d.workspace, records.Erased{People: []string{"p_1"}, IDs: []string{"a@example.com"}}); err != nil {
						t.Fatal(err)
					}
				}
				if got := d.state(id); got != test.want[i] {
					t.Fatalf("after step %d, %s: %q, want %q", i, step, got, test.want[i])
				}
				if one, err := d.db.Delivery(t.Context(), d.workspace, id); err != nil || slices.Contains(test.steps[:i+1], "erase") && one.Recipient+one.Detail+string(one.Data) != "" && ended == 0 {
					t.Errorf("after the erasure there are %q, %q, %q: %v", one.Recipient, one.Detail, one.Data, err)
				}
			}
		})
	}
}

// An attempt of this process that is at work is not taken for dead.
func TestExpireLeavesTheLiving(t *testing.T) {
	d := newDesk(t)
	id := d.plan("p_1", carpel.AtMostOnce)
	d.lease("here", attempt)
	if planned, unknown, err := d.db.ExpireLeases(t.Context(), "here"); err != nil || planned+unknown > 0 {
		t.Error(planned, unknown, err)
	}
	if got := d.state(id); got != "attempting  1" {
		t.Error(got)
	}
}

// What was attempted is known after the records were opened anew, and only then decided.
func TestLeaseSurvives(t *testing.T) {
	d := newDesk(t)
	once, least := d.plan("p_1", carpel.AtMostOnce), d.plan("p_2", carpel.AtLeastOnce)
	d.lease("here", attempt)
	if err := d.db.Close(); err != nil {
		t.Fatal(err)
	}
	var err error
	if d.db, err = records.Open(t.Context(), d.path, records.Options{Now: d.clock.now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.db.Close() })
	if got := d.state(once) + "; " + d.state(least); got != "attempting  1; attempting  1" {
		t.Errorf("opened again: %s", got)
	}
	if planned, unknown, err := d.db.ExpireLeases(t.Context(), "there"); err != nil || planned != 1 || unknown != 1 {
		t.Error(planned, unknown, err)
	}
	if got := d.state(once) + "; " + d.state(least); got != "unknown crash 1; planned  1" {
		t.Errorf("after the crash: %s", got)
	}
}

// Caps count what went out, may have and is going out; not what asks for no consent, nor other people's, nor what is old.
func TestSentSince(t *testing.T) {
	d := newDesk(t)
	counts := func(since carpel.Millis) (got []int) {
		one := carpel.Delivery{Origin: carpel.Origin{Kind: carpel.FromTransactional, Occurrence: fmt.Sprint(d.leases)}, Person: "p_1", Kind: carpel.Email, Mode: carpel.AtMostOnce, DueAt: d.now()}
		if _, err := d.db.PlanDeliveries(t.Context(), d.workspace, one); err != nil {
			t.Fatal(err)
		}
		d.lease("here", func(_ carpel.Delivery, tx *records.LeaseTx) (records.Verdict, error) {
			for _, kind := range []carpel.ChannelKind{"", carpel.Email, carpel.Push} {
				n, err := tx.SentSince("p_1", kind, since)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, n)
			}
			return records.Verdict{State: carpel.DeliverySkipped, Reason: "counted"}, nil
		})
		return got
	}
	start := d.now() - 1
	if diff := cmp.Diff([]int{0, 0, 0}, counts(start)); diff != "" {
		t.Errorf("at first: %s", diff)
	}
	id := d.plan("p_1", carpel.AtMostOnce)
	d.plan("p_2", carpel.AtMostOnce)
	l, _ := d.lease("here", attempt)
	if diff := cmp.Diff([]int{1, 1, 0}, counts(start)); diff != "" {
		t.Errorf("while it goes out: %s", diff)
	}
	d.end(records.Ended{ID: id, Lease: l.ID, Attempt: 1, State: carpel.DeliverySent, SentAt: d.now()})
	if diff := cmp.Diff([]int{1, 1, 0}, counts(start)); diff != "" {
		t.Errorf("once it went out: %s", diff)
	}
	d.clock.pass(time.Hour)
	if diff := cmp.Diff([]int{0, 0, 0}, counts(d.now()-1000)); diff != "" {
		t.Errorf("an hour later: %s", diff)
	}
}

// Two messages to one person in one batch: the second meets a cap of one.
func TestCapWithinABatch(t *testing.T) {
	d := newDesk(t)
	d.plan("p_1", carpel.AtMostOnce)
	second := carpel.Delivery{Origin: carpel.Origin{Kind: carpel.FromBroadcast, ID: "b2"}, Person: "p_1", Kind: carpel.Email, Consent: true, Mode: carpel.AtMostOnce, DueAt: d.now()}
	if _, err := d.db.PlanDeliveries(t.Context(), d.workspace, second); err != nil {
		t.Fatal(err)
	}
	_, leased := d.lease("here", func(one carpel.Delivery, tx *records.LeaseTx) (records.Verdict, error) {
		n, err := tx.SentSince(one.Person, "", 0)
		if n >= 1 {
			return records.Verdict{State: carpel.DeliverySkipped, Reason: "cap"}, err
		}
		return records.Verdict{State: carpel.DeliveryAttempting}, err
	})
	if len(leased) != 1 {
		t.Errorf("%d of two went out", len(leased))
	}
}

// A hard bounce suppresses the address, however it is written; what is untold stays so until it was told.
func TestBounceSuppresses(t *testing.T) {
	d := newDesk(t)
	id := d.plan("p_1", carpel.AtMostOnce)
	l, _ := d.lease("here", attempt)
	d.end(records.Ended{ID: id, Lease: l.ID, Attempt: 1, State: carpel.DeliveryFailed, Reason: "bounced", Recipient: "Ann@Example.com", BouncedAt: d.now(), Detail: "550 no such user", Tell: true})
	s, err := d.db.Suppression(t.Context(), d.workspace, carpel.Email, " ann@example.COM")
	if err != nil || s.Reason != carpel.SuppressedBounce || s.Detail != "550 no such user" || s.Address != "Ann@Example.com" {
		t.Errorf("%+v, %v", s, err)
	}
	untold, err := d.db.UntoldDeliveries(t.Context(), d.workspace, 10)
	if err != nil || len(untold) != 1 || untold[0].ID != id {
		t.Errorf("untold: %v, %v", untold, err)
	}
	if _, err := d.db.EndDeliveries(t.Context(), d.workspace, nil, []string{id}); err != nil {
		t.Fatal(err)
	}
	if due, err := d.db.DueDeliveries(t.Context()); err != nil || len(due) != 0 {
		t.Errorf("still to be done: %v, %v", due, err)
	}
}
