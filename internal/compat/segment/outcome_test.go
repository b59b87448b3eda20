package segment_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/compat/compattest"
	"github.com/carpel/carpel/internal/compat/segment"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/records"
)

// TestOutcomes holds what is answered and listed when the engine refuses, wholly or in part.
func TestOutcomes(t *testing.T) {
	refused := func(code string) engine.Outcome {
		return engine.Outcome{Refused: &carpel.Error{Code: code, Message: "no"}}
	}
	warned := engine.Outcome{Person: "p_1", Warnings: []*carpel.Error{{Code: carpel.CodeEmailTaken, Pointer: "/email", Message: "taken"}}}
	for _, c := range []struct {
		name, path, body string
		strict           bool
		outcome          engine.Outcome
		status           int
		answer           string
		rejected         []string
	}{
		{"suppressed", "/v1/identify", `{"userId":"u1"}`, false, refused(carpel.CodeSuppressed), 200, `{"success":true}`, []string{"suppressed"}},
		{"suppressed, strict", "/v1/identify", `{"userId":"u1"}`, true, refused(carpel.CodeSuppressed), 400, `"code":"suppressed"`, []string{"suppressed"}},
		{"suppressed, strict, in a batch", "/v1/batch", `{"batch":[{"type":"identify","userId":"u1"}]}`, true, refused(carpel.CodeSuppressed), 400, `"pointer":"/batch/0"`, []string{"suppressed"}},
		{"a public key, strict", "/v1/alias", `{"userId":"u1","previousId":"u2"}`, true, refused(carpel.CodePublicKey), 400, `"code":"public_key"`, []string{"public_key"}},
		{"email taken", "/v1/identify", `{"userId":"u1","traits":{"email":"a@b.c"}}`, false, warned, 200, `{"success":true}`, []string{"email_taken /traits/email (warning)"}},
		{"email taken, strict", "/v1/identify", `{"userId":"u1","traits":{"email":"a@b.c"}}`, true, warned, 200, `{"success":true}`, []string{"email_taken /traits/email (warning)"}},
		{"nobody to delete", "/v1/track", `{"userId":"u1","event":"User Deleted"}`, true, refused(carpel.CodeNotFound), 200, `{"success":true}`, nil},
		{"nobody's device", "/v1/track", `{"userId":"u1","event":"Device Deleted","context":{"device":{"token":"T"}}}`, true, refused(carpel.CodeNotFound), 200, `{"success":true}`, nil},
		{"nobody's delivery", "/v1/track", `{"event":"Report Delivery Event","properties":{"deliveryId":"d","metric":"opened","recipient":"a@b.c"}}`, false, refused(carpel.CodeNotFound), 200, `{"success":true}`, []string{"not_found"}},
		{"repeated", "/v1/track", `{"messageId":"m","userId":"u1","event":"A"}`, false, engine.Outcome{Repeated: true}, 200, `{"success":true}`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFamily(t)
			f.Outcome = func(carpel.Item) engine.Outcome { return c.outcome }
			header := []string{basic(server)}
			if c.strict {
				header = append(header, "X-Strict-Mode: 1")
			}
			w := f.Send("POST", c.path, c.body, header...)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.answer) {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
			if diff := cmp.Diff(c.rejected, f.Rejected(t)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestNotCommitted holds that nothing is acknowledged, and nothing listed, that the engine has not taken.
func TestNotCommitted(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		retry  bool
	}{
		{errors.New("the disk broke"), 500, false},
		{&carpel.Error{Code: carpel.CodeOverloaded, Message: "the server is stopping"}, 503, true},
		{&carpel.Error{Code: carpel.CodeDiskFull, Message: "full"}, 507, true},
	} {
		f := newFamily(t)
		f.Err = c.err
		w := f.Send("POST", "/v1/batch", `{"batch":[{"type":"track","userId":"u1","event":"A"},{"type":"nonsense"}]}`, basic(server))
		if w.Code != c.status || (w.Header().Get("Retry-After") != "") != c.retry {
			t.Errorf("%v: %d, Retry-After %q", c.err, w.Code, w.Header().Get("Retry-After"))
		}
		if strings.Contains(w.Body.String(), "broke") {
			t.Errorf("the caller reads what is not theirs: %s", w.Body)
		}
		if got := f.Rejected(t); got != nil {
			t.Errorf("%v: listed %s", c.err, got)
		}
	}
	f := newFamily(t)
	f.Full = true
	if w := f.Send("POST", "/v1/track", `{"userId":"u1","event":"A"}`, basic(server)); w.Code != 507 || w.Header().Get("Retry-After") == "" || f.Commits > 0 {
		t.Errorf("full: %d %s", w.Code, w.Body)
	}
}

// TestOverload holds that what is over the bound is told so at once, and that what is within it goes on.
func TestOverload(t *testing.T) {
	f := newFamily(t)
	f.Hold, f.Entered = make(chan struct{}), make(chan struct{})
	var at sync.WaitGroup
	within := make(chan *httptest.ResponseRecorder, compattest.Share)
	for i := range compattest.Share {
		at.Go(func() {
			within <- f.Send("POST", "/v1/track", fmt.Sprintf(`{"userId":"u%d","event":"A"}`, i), basic(server))
		})
	}
	for range compattest.Share {
		<-f.Entered
	}
	over := f.Send("POST", "/v1/track", `{"userId":"over","event":"A"}`, basic(server))
	if over.Code != 429 {
		t.Errorf("over: %d", over.Code)
	}
	if over.Header().Get("Retry-After") == "" || !strings.Contains(over.Body.String(), `"code":"overloaded"`) {
		t.Errorf("over: %d %v %s", over.Code, over.Header(), over.Body)
	}
	close(f.Hold)
	at.Wait()
	close(within)
	f.Hold = nil
	for w := range within {
		if w.Code != 200 {
			t.Errorf("within: %d %s", w.Code, w.Body)
		}
	}
	if w := f.Send("POST", "/v1/track", `{"userId":"u","event":"A"}`, basic(server)); w.Code != 200 {
		t.Errorf("afterwards: %d", w.Code)
	}
}

// TestRepeats holds that the same message id with other content does not pass in silence, and with the same does.
func TestRepeats(t *testing.T) {
	f := newFamily(t)
	seen := map[string]bool{}
	f.Outcome = func(it carpel.Item) engine.Outcome {
		repeated := seen[it.MessageID]
		seen[it.MessageID] = true
		return engine.Outcome{Repeated: repeated, Person: "p_1"}
	}
	send := func(body string) {
		t.Helper()
		if w := f.Send("POST", "/v1/track", body, basic(server)); w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	send(`{"messageId":"m1","userId":"u1","event":"A","sentAt":"2026-03-01T12:00:00Z"}`)
	send(`{"messageId":"m1","userId":"u1","event":"A","sentAt":"2026-03-01T12:00:05Z"}`)
	if got := f.Rejected(t); got != nil {
		t.Errorf("the same again was listed: %s", got)
	}
	send(`{"messageId":"m1","userId":"u2","event":"A"}`)
	send(`{"messageId":"m2","userId":"u2","event":"A"}`)
	if diff := cmp.Diff([]string{"repeated /messageId (warning)"}, f.Rejected(t)); diff != "" {
		t.Error(diff)
	}
}

// TestReplay holds what a replay of a rejected item hands to the engine.
func TestReplay(t *testing.T) {
	for _, c := range []struct {
		name, path, body, key string
		outcome               engine.Outcome // of the first time
		items                 []string
		code                  string
	}{
		{name: "an item of a batch", path: "/v1/batch", key: browser, outcome: engine.Outcome{Refused: &carpel.Error{Code: carpel.CodeSuppressed}},
			body:  `{"sentAt":"2026-03-01T11:00:00Z","context":{"ip":"1"},"batch":[{"type":"track","messageId":"m1","userId":"u1","event":"A","timestamp":"2026-03-01T10:59:00Z"}]}`,
			items: []string{`event id:u1 name=A mid=m1 at=2026-03-01T11:59:00Z context{"ip":"1"} public`}},
		{name: "an item of a plain batch", path: "/v1/b", key: server, outcome: engine.Outcome{Refused: &carpel.Error{Code: carpel.CodeSuppressed}},
			body: `{"batch":[{"type":"identify","userId":"u1"}]}`, items: []string{`identify id:u1`}},
		{name: "a call alone", path: "/v1/t", key: server, outcome: engine.Outcome{Refused: &carpel.Error{Code: carpel.CodeLimit}},
			body: `{"messageId":"m1","userId":"u1","event":"A"}`, items: []string{`event id:u1 name=A mid=m1`}},
		{name: "what a browser key may not", path: "/v1/t", key: browser, body: `{"userId":"u1","event":"User Deleted"}`, code: carpel.CodePublicKey},
		{name: "an identify that was taken in part", path: "/v1/i", key: server, outcome: engine.Outcome{Person: "p_1", Warnings: []*carpel.Error{{Code: carpel.CodeEmailTaken, Pointer: "/email"}}},
			body: `{"messageId":"m1","userId":"u1","traits":{"email":"a@b.c"}}`, items: []string{`identify id:u1 {"email":"a@b.c"}`}},
		{name: "an event that was taken in part", path: "/v1/t", key: server, outcome: engine.Outcome{Person: "p_1", Warnings: []*carpel.Error{{Code: carpel.CodeReserved}}},
			body: `{"userId":"u1","event":"A"}`, code: carpel.CodeConflict},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFamily(t)
			f.Outcome = func(carpel.Item) engine.Outcome { return c.outcome }
			if w := f.Send("POST", c.path, c.body, basic(c.key)); w.Code != 200 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			rs, err := f.Records.Rejections(t.Context(), f.Workspace, records.RejectionFilter{Limit: 10})
			if err != nil || len(rs) != 1 {
				t.Fatalf("listed %v, %v", rs, err)
			}
			f.Committed, f.Outcome = nil, nil
			err = segment.New(f.Door).Replay(t.Context(), f.Workspace, rs[0])
			if got := carpel.ErrorCode(err); got != c.code {
				t.Errorf("error %v", err)
			}
			var items []string
			for _, it := range f.Committed {
				items = append(items, compattest.Show(it))
			}
			if diff := cmp.Diff(c.items, items); diff != "" {
				t.Error(diff)
			}
			if got := f.Rejected(t); len(got) != 1 {
				t.Errorf("listed after the replay: %s", got)
			}
		})
	}
}

// TestFallback holds whom the userId of a deletion means.
func TestFallback(t *testing.T) {
	f := newFamily(t)
	f.Outcome = func(it carpel.Item) engine.Outcome {
		if it.Person.Email == "a@b.c" {
			return engine.Outcome{Person: "p_1"}
		}
		return engine.Outcome{Refused: &carpel.Error{Code: carpel.CodeNotFound}}
	}
	f.Send("POST", "/v1/track", `{"messageId":"m","userId":"a@b.c","event":"User Deleted"}`, basic(server))
	var items []string
	for _, it := range f.Committed {
		items = append(items, compattest.Show(it))
	}
	if diff := cmp.Diff([]string{"erase id:a@b.c name=User Deleted mid=m", "erase email:a@b.c name=User Deleted"}, items); diff != "" {
		t.Error(diff)
	}
}
