package api

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/records"
)

type historyIn struct {
	ID   string    `path:"id" doc:"Id or key of the segment."`
	From time.Time `query:"from" doc:"30 days ago if left out."`
	To   time.Time `query:"to" doc:"Now if left out."`
	Step string    `query:"step" default:"1d" doc:"Length of a step: 5m, 1h, 1d; at least a minute, at most 1,000 steps."`
}

// steps is a span of time in equal parts; the last may be cut short by the end.
type steps struct {
	from, to time.Time
	step     time.Duration
}

// stepsOf reads the span that a history is asked of.
func (a *API) stepsOf(from, to time.Time, step string) (steps, error) {
	span, err := carpel.ParseDuration(step)
	s := steps{from, to, time.Duration(span.Millis()) * time.Millisecond}
	if err != nil || s.step < time.Minute {
		return s, &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/step", Message: "step is a span of at least a minute, such as 5m, 1h or 1d"}
	}
	if s.to.IsZero() {
		s.to = a.Now()
	}
	if s.from.IsZero() {
		s.from = s.to.Add(-30 * 24 * time.Hour)
	}
	if !s.from.Before(s.to) {
		return s, &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/from", Message: "from must lie before to"}
	}
	if n := int64(s.to.Sub(s.from) / s.step); n > 1000 {
		return s, &carpel.Error{Code: carpel.CodeLimit, Pointer: "/step", Limit: 1000, Actual: n, Message: "more than 1,000 steps; take a longer step"}
	}
	return s, nil
}

// ends returns the moments at which the parts end.
func (s steps) ends() []carpel.Millis {
	var ends []carpel.Millis
	for at := s.from; at.Before(s.to); at = at.Add(s.step) {
		end := at.Add(s.step)
		if end.After(s.to) {
			end = s.to
		}
		ends = append(ends, carpel.MillisOf(end))
	}
	return ends
}

// Version is one saved definition.
type Version struct {
	Version    int             `json:"version"`
	Definition json.RawMessage `json:"definition"`
	Sentence   string          `json:"sentence"`
	SavedAt    time.Time       `json:"saved_at"`
	SavedBy    string          `json:"saved_by" doc:"Id of the user or the key; system for what a workspace starts with."`
	SavedName  string          `json:"saved_name" doc:"Name of the user or the key; empty when it is gone."`
}

type historyOut struct {
	Body struct {
		Points   []engine.HistoryPoint `json:"points" doc:"None while it is archived."`
		Versions []Version             `json:"versions" doc:"Newest first."`
	}
}

func (a *API) history(c *call, in *historyIn) (*historyOut, error) {
	s, err := a.Records.Segment(c, c.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	span, err := a.stepsOf(in.From, in.To, in.Step)
	if err != nil {
		return nil, err
	}
	var points []engine.HistoryPoint
	if s.State != carpel.StateArchived {
		if points, err = c.Engine.History(c, s.ID, carpel.MillisOf(span.from), carpel.MillisOf(span.to), span.step); err != nil {
			return nil, err
		}
	}
	versions, err := a.Records.SegmentVersions(c, c.Workspace, s.ID)
	if err != nil {
		return nil, err
	}
	names, err := a.authors(c)
	if err != nil {
		return nil, err
	}
	out := &historyOut{}
	out.Body.Points, out.Body.Versions = orEmpty(points), []Version{}
	for _, v := range versions {
		out.Body.Versions = append(out.Body.Versions, Version{v.Version, carpel.Canonical(v.Definition), carpel.Sentence(v.Definition), v.SavedAt, v.SavedBy, names[v.SavedBy]})
	}
	return out, nil
}

// authors returns the names of who may have saved something in a workspace, by id.
func (a *API) authors(c *call) (map[string]string, error) {
	users, err := a.Records.Users(c, c.Workspace)
	if err != nil {
		return nil, err
	}
	keys, err := a.Records.Keys(c, c.Workspace)
	if err != nil {
		return nil, err
	}
	names := map[string]string{"system": "Carpel"}
	for _, u := range users {
		names[u.ID] = u.Name
	}
	for _, k := range keys {
		names[k.ID] = k.Name
	}
	return names, nil
}

type trendsIn struct {
	Body struct {
		Segments []string  `json:"segments" minItems:"1" maxItems:"1000" doc:"Ids or keys."`
		From     time.Time `json:"from,omitempty" doc:"30 days ago if left out."`
		To       time.Time `json:"to,omitempty" doc:"Now if left out."`
		Step     string    `json:"step,omitempty" default:"1d" doc:"Length of a step, as of a history."`
	}
}

// Trend is how many people a segment held over time.
type Trend struct {
	Segment string  `json:"segment" doc:"Id."`
	Counts  []int64 `json:"counts" doc:"At the end of each step; before what is kept of its changes, the nearest known."`
}

type trendsOut struct {
	Body struct {
		Trends []Trend `json:"trends" doc:"Of the segments in the order asked; archived ones are left out."`
	}
}

// trends answers for many segments at once what a history says of one, without reading all their changes.
func (a *API) trends(c *call, in *trendsIn) (*trendsOut, error) {
	span, err := a.stepsOf(in.Body.From, in.Body.To, in.Body.Step)
	if err != nil {
		return nil, err
	}
	all, err := a.Records.Segments(c, c.Workspace)
	if err != nil {
		return nil, err
	}
	known := map[string]carpel.Segment{}
	for _, s := range all {
		known[s.ID], known[s.Key] = s, s
	}
	var ids []string
	for i, ref := range in.Body.Segments {
		s, ok := known[ref]
		if !ok {
			return nil, under(fmt.Sprintf("/segments/%d", i), records.NoSegment(ref, all))
		}
		if s.State != carpel.StateArchived {
			ids = append(ids, s.ID)
		}
	}
	counts, err := c.Engine.Counts(c, ids, span.ends())
	if err != nil {
		return nil, err
	}
	out := &trendsOut{}
	out.Body.Trends = []Trend{}
	for i, id := range ids {
		out.Body.Trends = append(out.Body.Trends, Trend{id, counts[i]})
	}
	return out, nil
}
