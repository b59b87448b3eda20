package hooks

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/delivery"
	"github.com/carpel/carpel/internal/delivery/webhook"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/records"
)

const (
	giveUpAfter = 72 * time.Hour // a call that nobody takes, and a hook that takes none
	firstPause  = 5 * time.Second
	longPause   = 4 * time.Hour
)

// send begins to make the calls that are due, lane by lane at the same time.
func (r *Runner) send(ctx context.Context, workspace string) error {
	due, err := r.o.Records.DueHookCalls(ctx, workspace, carpel.MillisOf(r.o.Now()), lanesLooked)
	if err != nil {
		return err
	}
	for _, c := range due {
		l := lane{workspace, c.Hook, c.Lane}
		if !r.take(l) {
			continue
		}
		r.work.Go(func() {
			defer r.leave(l)
			if err := r.run(ctx, l); err != nil && ctx.Err() == nil {
				r.o.Log.ErrorContext(ctx, "calls of a webhook are tried again", "workspace", l.workspace, "webhook", l.hook, "error", err)
			}
		})
	}
	return nil
}

// take makes a lane busy; false when it is already, or too many are.
func (r *Runner) take(l lane) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.busy[l] || len(r.busy) >= lanesAtOnce || r.ofHook[l.hook] >= lanesOfHook {
		return false
	}
	r.busy[l] = true
	r.ofHook[l.hook]++
	return true
}

func (r *Runner) leave(l lane) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.busy, l)
	if r.ofHook[l.hook]--; r.ofHook[l.hook] == 0 {
		delete(r.ofHook, l.hook)
	}
}

// run makes the calls of a lane in order, until one is not taken, or its hook is turned off or removed.
func (r *Runner) run(ctx context.Context, l lane) error {
	calls, err := r.o.Records.HookLane(ctx, l.workspace, l.hook, l.name, ofLane)
	if err != nil {
		return err
	}
	db, release, err := r.o.Engine(ctx, l.workspace)
	if err != nil {
		return err
	}
	defer release()
	for _, c := range calls {
		h, err := r.o.Records.Hook(ctx, l.workspace, l.hook)
		if carpel.ErrorCode(err) == carpel.CodeNotFound || err == nil && (!h.On || c.DueAt > carpel.MillisOf(r.o.Now())) {
			return nil
		}
		if err != nil {
			return err
		}
		end, err := r.call(ctx, db, l.workspace, h, c)
		if err != nil {
			return err
		}
		if err := r.o.Records.EndHookCall(ctx, l.workspace, end); err != nil {
			return err
		}
		if end.Call.State == carpel.HookPlanned {
			return nil
		}
	}
	return nil
}

// call makes one call, and returns what is to be kept of it.
func (r *Runner) call(ctx context.Context, db engine.Engine, workspace string, h carpel.Hook, c carpel.HookCall) (records.EndHookCall, error) {
	secrets, err := OpenSecrets(r.o.Ring, workspace, h)
	if err != nil {
		return records.EndHookCall{}, fmt.Errorf("secrets of webhook %s: %w", h.ID, err)
	}
	body, err := r.body(ctx, db, c)
	if err != nil {
		return records.EndHookCall{}, err
	}
	now := carpel.MillisOf(r.o.Now())
	o := r.client.Do(ctx, webhook.Call{ID: c.ID, URL: h.URL, Body: body, Secrets: secrets.inUse(now)})
	if ctx.Err() != nil { // the server stops: it is made again
		return records.EndHookCall{}, ctx.Err()
	}
	return after(h, c, o, carpel.MillisOf(r.o.Now())), nil
}

// after is what an outcome means for a call and its hook. A call that is not taken is made again for three days, and a hook
// that takes none for so long is turned off; one whose receiver says that it is gone at once.
func after(h carpel.Hook, c carpel.HookCall, o delivery.Outcome, now carpel.Millis) records.EndHookCall {
	c.Attempts++
	c.Answer = o.Detail
	if o.Result == delivery.Accepted {
		c.State = carpel.HookSent
		return records.EndHookCall{Call: c, Taken: true}
	}
	end := records.EndHookCall{Call: c}
	limit := carpel.Millis(giveUpAfter.Milliseconds())
	switch {
	case c.Event == carpel.HookPing: // whoever tries it out looks at the answer
		end.Call.State = carpel.HookFailed
		return end
	case strings.HasPrefix(o.Detail, "gone:"):
		end.Off = "the receiver says that it is gone (410)"
	case h.FailingSince > 0 && now-h.FailingSince >= limit:
		end.Off = "no call was taken for three days; the last answer: " + o.Detail
	case now-c.At >= limit && c.Attempts > 1:
		end.Call.State = carpel.HookFailed
	}
	pause := min(longPause, firstPause<<min(2*(c.Attempts-1), 20))
	pause = pause/2 + rand.N(pause/2+1) // so that those who failed together do not come back together
	end.Call.DueAt = now + carpel.Millis(max(pause, min(o.RetryAfter, longPause)).Milliseconds())
	return end
}

// message is the body of a call, as Standard Webhooks advises.
type message struct {
	Type      string         `json:"type"`
	Timestamp carpel.Millis  `json:"timestamp"`
	Data      map[string]any `json:"data"`
}

// body makes the body of a call: who the person is, is read now, so that nothing is kept of whoever is erased.
func (r *Runner) body(ctx context.Context, db engine.Engine, c carpel.HookCall) ([]byte, error) {
	m := message{Type: c.Event, Timestamp: c.At}
	if err := json.Unmarshal(c.Data, &m.Data); err != nil {
		return nil, fmt.Errorf("data of call %s: %w", c.ID, err)
	}
	if key, ok := m.Data["person"].(string); ok {
		who := map[string]any{"key": key}
		p, err := db.Person(ctx, carpel.PersonRef{Key: key})
		switch {
		case err == nil:
			who["id"], who["email"] = orNull(p.UserID), orNull(p.Email)
		case carpel.ErrorCode(err) != carpel.CodeNotFound:
			return nil, err
		}
		m.Data["person"] = who
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(m)
	return bytes.TrimRight(b.Bytes(), "\n"), err
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
