package api

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/records"
)

func (a *API) registerOverview() {
	const tag = "Overview"
	route(a, operation{Method: http.MethodGet, Path: "/api/overview", Scope: records.ScopeRead, ID: "getOverview", Tag: tag,
		Summary: "Figures of the workspace: people, events a minute, segments that moved most, what needs attention"}, a.overview)
	route(a, operation{Method: http.MethodGet, Path: "/api/activity", Scope: records.ScopeRead, ID: "listActivity", Tag: tag,
		Summary:     "What is coming in",
		Description: "Newest last. With `Accept: text/event-stream` it goes on live: events `activity` with their seq as id.",
		Answer:      activityPage{}, Produces: []string{"text/event-stream"}}, a.activity)
	route(a, operation{Method: http.MethodGet, Path: "/api/recipes", Scope: records.ScopeRead, ID: "listRecipes", Heavy: true, Tag: tag,
		Summary: "Segments worth having, made from the data received, with how many people they hold now"}, a.recipes)
	routeRecords(a, operation{Method: http.MethodGet, Path: "/api/limits", Scope: records.ScopeRead, ID: "listLimits", Tag: tag,
		Summary: "The limits of what is taken"}, func(*call, *struct{}) (*limitsOut, error) {
		out := &limitsOut{}
		out.Body.Limits = carpel.Limits()
		return out, nil
	})
}

type limitsOut struct {
	Body struct {
		Limits []carpel.Limit `json:"limits"`
	}
}

// Overview is what the home screen shows.
type Overview struct {
	Stats     engine.Stats    `json:"stats"`
	Position  engine.Position `json:"position" doc:"The point up to which every membership is exact."`
	Moved     []SegmentMove   `json:"moved" doc:"Segments that moved most in the last 24 hours."`
	Attention []Attention     `json:"attention"`
}

// SegmentMove is how many people joined and left a segment in the last 24 hours by what they did, or by time: who did by a new
// definition did not move.
type SegmentMove struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Count  int64  `json:"count"`
	Enters int64  `json:"enters"`
	Leaves int64  `json:"leaves"`
}

// Attention is something that somebody should look at.
type Attention struct {
	Code    string `json:"code" enum:"segment_failed,rejected,behind"`
	Object  string `json:"object"`
	Message string `json:"message"`
}

type overviewOut struct{ Body Overview }

func (a *API) overview(c *call, _ *struct{}) (*overviewOut, error) {
	out := Overview{Stats: c.Engine.Stats(), Position: c.Engine.Position(), Moved: []SegmentMove{}, Attention: []Attention{}}
	all, err := a.Records.Segments(c, c.Workspace)
	if err != nil {
		return nil, err
	}
	now := a.Now()
	for _, s := range all {
		if s.State == carpel.StateArchived {
			continue
		}
		st, err := c.Engine.Status(s.ID)
		if err != nil {
			continue // dropped meanwhile
		}
		if st.State == carpel.StateFailed {
			out.Attention = append(out.Attention, Attention{"segment_failed", s.ID, "The segment " + s.Name + " is not built: " + st.Reason})
		}
		points, err := c.Engine.History(c, s.ID, carpel.MillisOf(now.Add(-24*time.Hour)), carpel.MillisOf(now), 24*time.Hour)
		if err != nil {
			return nil, err
		}
		move := SegmentMove{ID: s.ID, Name: s.Name, Count: st.Count}
		for _, p := range points {
			move.Enters += p.Enters - p.EntersDefined
			move.Leaves += p.Leaves - p.LeavesDefined
		}
		if move.Enters+move.Leaves > 0 {
			out.Moved = append(out.Moved, move)
		}
	}
	slices.SortStableFunc(out.Moved, func(x, y SegmentMove) int { return int(y.Enters + y.Leaves - x.Enters - x.Leaves) })
	out.Moved = out.Moved[:min(len(out.Moved), 5)]
	if out.Stats.TimersDue > 0 {
		out.Attention = append(out.Attention, Attention{"behind", "", "Memberships that change with time are being caught up."})
	}
	rejected, err := a.Records.Rejections(c, c.Workspace, records.RejectionFilter{Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(rejected) > 0 && now.Sub(rejected[0].At) < 24*time.Hour {
		out.Attention = append(out.Attention, Attention{"rejected", "", "Items were refused in the last 24 hours; see Data, Rejected."})
	}
	return &overviewOut{out}, nil
}

type activityIn struct {
	After       uint64 `query:"after" doc:"Seq of the last entry read; 0 for the newest."`
	Limit       int    `query:"limit" default:"50" minimum:"1" maximum:"1000"`
	Accept      string `header:"Accept"`
	LastEventID string `header:"Last-Event-ID"`
}

type activityPage struct {
	Activity []engine.ActivityEntry `json:"activity"`
	Next     uint64                 `json:"next"`
}

func (a *API) activity(c *call, in *activityIn) (*huma.StreamResponse, error) {
	live := strings.Contains(in.Accept, "text/event-stream")
	after := in.After
	if n, err := strconv.ParseUint(in.LastEventID, 10, 64); live && err == nil {
		after = n
	}
	entries, next, err := c.Engine.Activity(c, after, in.Limit)
	if err != nil {
		return nil, err
	}
	if !live {
		return jsonAnswer(activityPage{orEmpty(entries), next}), nil
	}
	db, release, err := a.Engine(c, c.Workspace)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		defer release()
		es := a.newEventStream(ctx)
		for {
			watch := db.Watch()
			for _, e := range entries {
				if es.send("activity", strconv.FormatUint(e.Seq, 10), e) != nil {
					return
				}
			}
			if len(entries) == 0 && next == after && !es.wait(watch) {
				return
			}
			after = next
			var err error
			if entries, next, err = db.Activity(ctx.Context(), next, in.Limit); err != nil {
				return
			}
		}
	}}, nil
}
