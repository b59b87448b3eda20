package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/records"
)

// PersonRow is a person in a list or a sample.
type PersonRow struct {
	Key   string     `json:"key"`
	ID    textOrNull `json:"id"`
	Email textOrNull `json:"email"`
}

func personRow(p carpel.Person) PersonRow {
	return PersonRow{p.Key, textOrNull(p.UserID), textOrNull(p.Email)}
}

func personRows(people []carpel.Person) []PersonRow {
	out := make([]PersonRow, len(people))
	for i, p := range people {
		out[i] = personRow(p)
	}
	return out
}

func (a *API) registerSegmentQuestions() {
	const tag = "Questions"
	route(a, operation{Method: http.MethodPost, Path: "/api/segments/preview", Scope: records.ScopeRead, ID: "previewSegment", Heavy: true, Tag: tag,
		Summary: "Count a definition before it is saved", Description: "Exact. Stops when the client goes away."}, a.preview)
	routeRecords(a, operation{Method: http.MethodPost, Path: "/api/segments/parse", Scope: records.ScopeRead, ID: "parseSegment", Tag: tag,
		Summary: "Read a definition from text or JSON, and show it in every form"}, a.parse)
	route(a, operation{Method: http.MethodPost, Path: "/api/segments/{id}/impact", Scope: records.ScopeRead, ID: "segmentImpact", Heavy: true, Tag: tag,
		Summary: "Say what saving a definition would do, dependants included"}, a.impact)
	route(a, operation{Method: http.MethodPost, Path: "/api/segments/overlap", Scope: records.ScopeRead, ID: "overlapSegments", Heavy: true, Tag: tag,
		Summary: "Count every region of several segments"}, a.overlap)
	route(a, operation{Method: http.MethodGet, Path: "/api/segments/{id}/history", Scope: records.ScopeRead, ID: "segmentHistory", Tag: tag,
		Summary: "Count, entries and leavings over time, and the versions of the definition"}, a.history)
	route(a, operation{Method: http.MethodPost, Path: "/api/segments/trends", Scope: records.ScopeRead, ID: "segmentTrends", Tag: tag,
		Summary: "The counts of many segments over time", Description: "What a list draws its small curves from."}, a.trends)
	route(a, operation{Method: http.MethodPost, Path: "/api/people/{id}/explain", Scope: records.ScopeRead, ID: "explainPerson", Heavy: true, Tag: tag,
		Summary: "Say why a person matches, or does not"}, func(c *call, in *explainPersonIn) (*explainOut, error) {
		return a.explain(c, in.ID, in.Body)
	})
	route(a, operation{Method: http.MethodPost, Path: "/api/people/explain", Scope: records.ScopeRead, ID: "explain", Heavy: true, Tag: tag,
		Summary: "Say why a person matches, or does not, with the person in the body"}, func(c *call, in *explainIn) (*explainOut, error) {
		return a.explain(c, in.Body.Person, explainBody{in.Body.Segment, in.Body.Definition, in.Body.AsOf})
	})
}

type previewIn struct {
	Body struct {
		Definition json.RawMessage `json:"definition"`
		AsOf       asOf            `json:"as_of,omitempty" doc:"Evaluate at another moment; a future one tells what time alone will do."`
		Nodes      bool            `json:"nodes,omitempty" doc:"Count every condition as well."`
		Sample     *int            `json:"sample,omitempty" minimum:"0" maximum:"1000" doc:"How many of the matching people to return; 10 if left out."`
	}
}

// Preview is the answer to a preview.
type Preview struct {
	Count     int64              `json:"count"`
	People    int64              `json:"people" doc:"All people that the count is of."`
	Reachable map[string]int64   `json:"reachable" doc:"Of the count, by channel."`
	TookMS    float64            `json:"took_ms"`
	AsOf      carpel.Millis      `json:"as_of"`
	Sentence  string             `json:"sentence"`
	Text      string             `json:"text"`
	Sample    []PersonRow        `json:"sample"`
	Nodes     []engine.NodeCount `json:"nodes"`
	Warnings  []engine.Warning   `json:"warnings"`
}

type previewOut struct{ Body Preview }

// asOf is a moment as it is sent: in any form that a time in a definition may have. Unset means now.
type asOf struct{ carpel.Value }

// Schema implements huma.SchemaProvider.
func (asOf) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Description: "A time: RFC 3339, a date (its midnight in the workspace's time zone), or seconds or milliseconds since 1970. Now if left out.",
		Examples: []any{"2026-03-01", "2026-03-01T14:00:00Z"}}
}

// momentOf reads the as_of of a body; zero means now.
func (a *API) momentOf(c *call, at asOf) (carpel.Millis, error) {
	if !at.IsSet() {
		return 0, nil
	}
	w, err := a.Records.Workspace(c, c.Workspace)
	if err != nil {
		return 0, err
	}
	zone, err := time.LoadLocation(w.Zone)
	if err != nil {
		return 0, fmt.Errorf("zone of workspace %s: %w", w.ID, err)
	}
	m, ok := at.AsTime(zone)
	if !ok {
		return 0, &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/as_of", Message: fmt.Sprintf("%.60q is no time; write it like 2026-03-01 or 2026-03-01T00:00:00Z", at.Text())}
	}
	return m, nil
}

func (a *API) preview(c *call, in *previewIn) (*previewOut, error) {
	def, err := parseDefinition("definition", in.Body.Definition)
	if err == nil {
		err = a.checkReferences(c, "definition", def)
	}
	if err != nil {
		return nil, err
	}
	at, err := a.momentOf(c, in.Body.AsOf)
	if err != nil {
		return nil, err
	}
	sample := 10
	if in.Body.Sample != nil {
		sample = *in.Body.Sample
	}
	start := time.Now()
	p, err := c.Engine.Preview(c, engine.PreviewQuery{Condition: def, AsOf: at, Nodes: in.Body.Nodes, Sample: sample})
	if err != nil {
		return nil, under("/definition", err)
	}
	return &previewOut{Preview{Count: p.Count, People: p.People, Reachable: p.Reachable,
		TookMS: float64(time.Since(start).Microseconds()) / 1000, AsOf: p.AsOf, Sentence: carpel.Sentence(def), Text: carpel.FormatText(def),
		Sample: personRows(p.Sample), Nodes: orEmpty(p.Nodes), Warnings: warnings(def, p.Warnings)}}, nil
}

// warnings joins what the definition alone gives away with what the engine knows from the data, in the order of the
// definition, each said once. All of them point below /definition.
func warnings(def carpel.Condition, seen []engine.Warning) []engine.Warning {
	order := map[string]int{}
	carpel.Walk(def, func(pointer string, _ carpel.Condition) bool {
		order[pointer] = len(order)
		return true
	})
	all := []engine.Warning{}
	for _, f := range carpel.Lint(def) {
		all = append(all, engine.Warning{Code: f.Code, Pointer: f.Pointer, Message: f.Message, Suggestion: f.Suggestion})
	}
	for _, w := range seen {
		if !slices.ContainsFunc(all, func(x engine.Warning) bool { return x.Code == w.Code && x.Pointer == w.Pointer }) {
			all = append(all, w)
		}
	}
	// A finding may point at a key of its condition: its place is that of the nearest condition above.
	place := func(pointer string) int {
		for {
			if n, ok := order[pointer]; ok || pointer == "" {
				return n
			}
			pointer = pointer[:strings.LastIndexByte(pointer, '/')]
		}
	}
	slices.SortStableFunc(all, func(x, y engine.Warning) int { return place(x.Pointer) - place(y.Pointer) })
	return all
}

// orEmpty makes a list that is shown as [] and not as null.
func orEmpty[T any](xs []T) []T {
	if xs == nil {
		return []T{}
	}
	return xs
}

type parseIn struct {
	Body struct {
		Text       string          `json:"text,omitempty" doc:"The text form."`
		Definition json.RawMessage `json:"definition,omitempty" doc:"Or the JSON form."`
	}
}

type parseOut struct {
	Body struct {
		Definition json.RawMessage  `json:"definition"`
		Text       string           `json:"text"`
		Sentence   string           `json:"sentence"`
		Nodes      []NodeSentence   `json:"nodes" doc:"Every condition outside where, in document order, in words."`
		Warnings   []carpel.Finding `json:"warnings"`
	}
}

// NodeSentence is one condition of a definition, said alone.
type NodeSentence struct {
	Pointer  string `json:"pointer"`
	Sentence string `json:"sentence"`
}

func (a *API) parse(_ *call, in *parseIn) (*parseOut, error) {
	var def carpel.Condition
	var err error
	switch {
	case given(in.Body.Definition) == (in.Body.Text != ""):
		return nil, carpel.Errorf(carpel.CodeInvalid, "send either text or a definition")
	case in.Body.Text != "":
		def, err = carpel.ParseText(in.Body.Text)
	default:
		def, err = parseDefinition("definition", in.Body.Definition)
	}
	if err != nil {
		return nil, err
	}
	out := &parseOut{}
	out.Body.Definition, out.Body.Text, out.Body.Sentence = carpel.Canonical(def), carpel.FormatText(def), carpel.Sentence(def)
	carpel.WalkOutside(def, func(pointer string, n carpel.Condition) bool {
		out.Body.Nodes = append(out.Body.Nodes, NodeSentence{pointer, carpel.NodeSentence(n)})
		return true
	})
	out.Body.Warnings = orEmpty(carpel.Lint(def))
	return out, nil
}

type impactIn struct {
	ID   string `path:"id" doc:"Id or key of the segment."`
	Body struct {
		Definition json.RawMessage `json:"definition"`
		Sample     *int            `json:"sample,omitempty" minimum:"0" maximum:"1000" doc:"10 if left out."`
	}
}

// Impact is what saving a definition would do.
type Impact struct {
	Join        int64            `json:"join"`
	Leave       int64            `json:"leave"`
	Stay        int64            `json:"stay"`
	JoinSample  []PersonRow      `json:"join_sample"`
	LeaveSample []PersonRow      `json:"leave_sample"`
	Segments    []SegmentImpact  `json:"segments" doc:"Dependants, direct and indirect."`
	Campaigns   []CampaignImpact `json:"campaigns" doc:"Campaigns that would start for people."`
}

// SegmentImpact is what a dependant would gain and lose.
type SegmentImpact struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Join  int64  `json:"join"`
	Leave int64  `json:"leave"`
}

// CampaignImpact is how many people a campaign would start for.
type CampaignImpact struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	WouldStart int64  `json:"would_start"`
}

type impactOut struct{ Body Impact }

func (a *API) impact(c *call, in *impactIn) (*impactOut, error) {
	def, err := parseDefinition("definition", in.Body.Definition)
	if err == nil {
		err = a.checkReferences(c, "definition", def)
	}
	if err != nil {
		return nil, err
	}
	s, err := a.unarchived(c, in.ID)
	if err != nil {
		return nil, err
	}
	sample := 10
	if in.Body.Sample != nil {
		sample = *in.Body.Sample
	}
	m, err := c.Engine.Impact(c, s.ID, def, sample)
	if err != nil {
		return nil, under("/definition", err)
	}
	out := Impact{Join: m.Join, Leave: m.Leave, Stay: m.Stay, JoinSample: personRows(m.JoinSample), LeaveSample: personRows(m.LeaveSample),
		Segments: []SegmentImpact{}, Campaigns: []CampaignImpact{}}
	for _, d := range m.Segments {
		name := d.ID
		if s, err := a.Records.Segment(c, c.Workspace, d.ID); err == nil {
			name = s.Name
		}
		out.Segments = append(out.Segments, SegmentImpact{d.ID, name, d.Join, d.Leave})
	}
	out.Campaigns, err = a.campaignImpacts(c, s.ID, m)
	return &impactOut{out}, err
}

type overlapIn struct {
	Body struct {
		Segments []string `json:"segments" minItems:"1" maxItems:"8" doc:"Ids or keys."`
	}
}

type overlapOut struct {
	Body struct {
		Segments []string        `json:"segments" doc:"The ids asked about."`
		Regions  []engine.Region `json:"regions" doc:"People in exactly these segments; regions of nobody are left out."`
	}
}

func (a *API) overlap(c *call, in *overlapIn) (*overlapOut, error) {
	ids := make([]string, len(in.Body.Segments))
	for i, ref := range in.Body.Segments {
		s, err := a.unarchived(c, ref)
		if err != nil {
			return nil, under(fmt.Sprintf("/segments/%d", i), err)
		}
		if slices.Contains(ids[:i], s.ID) {
			return nil, &carpel.Error{Code: carpel.CodeInvalid, Pointer: fmt.Sprintf("/segments/%d", i), Message: "the segment is named twice"}
		}
		ids[i] = s.ID
	}
	regions, err := c.Engine.Overlap(c, ids)
	if err != nil {
		return nil, err
	}
	out := &overlapOut{}
	out.Body.Segments, out.Body.Regions = ids, orEmpty(regions)
	return out, nil
}

type explainBody struct {
	Segment    string          `json:"segment,omitempty" doc:"Id or key; or"`
	Definition json.RawMessage `json:"definition,omitempty" doc:"a definition, also one not saved."`
	AsOf       asOf            `json:"as_of,omitempty" doc:"Explain at another moment."`
}

type explainPersonIn struct {
	ID   string `path:"id" doc:"A key (p_…), id:<user id>, email:<address>, or a bare user id or email."`
	Body explainBody
}

type explainIn struct {
	Body struct {
		Person     string          `json:"person" doc:"A key (p_…), id:<user id>, email:<address>, or a bare user id or email."`
		Segment    string          `json:"segment,omitempty" doc:"Id or key; or"`
		Definition json.RawMessage `json:"definition,omitempty" doc:"a definition, also one not saved."`
		AsOf       asOf            `json:"as_of,omitempty" doc:"Explain at another moment."`
	}
}

// ExplainedNode is one condition of an explanation.
type ExplainedNode struct {
	Pointer    string            `json:"pointer"`
	Sentence   string            `json:"sentence"`
	Matched    bool              `json:"matched"`
	Actual     string            `json:"actual"`
	Wanted     string            `json:"wanted"`
	Evidence   []engine.Evidence `json:"evidence" doc:"The values or events that decided it: at most 10, newest first."`
	Since      carpel.Millis     `json:"since" doc:"From when on it has had this answer without a break."`
	NextChange carpel.Millis     `json:"next_change" doc:"When the passing of time alone changes the answer; null for never."`
}

type explainOut struct {
	Body struct {
		Person  PersonRow       `json:"person"`
		Matched bool            `json:"matched"`
		AsOf    carpel.Millis   `json:"as_of"`
		Tree    []ExplainedNode `json:"tree" doc:"In document order, the whole definition first."`
	}
}

func (a *API) explain(c *call, person string, body explainBody) (*explainOut, error) {
	def, err := a.definitionAsked(c, body)
	if err != nil {
		return nil, err
	}
	at, err := a.momentOf(c, body.AsOf)
	if err != nil {
		return nil, err
	}
	ref, err := a.personRef(c, person)
	if err != nil {
		return nil, err
	}
	e, err := c.Engine.Explain(c, engine.ExplainQuery{Person: ref, Condition: def, AsOf: at})
	if err != nil {
		return nil, err
	}
	sentences := map[string]string{}
	carpel.Walk(def, func(pointer string, n carpel.Condition) bool {
		sentences[pointer] = carpel.NodeSentence(n)
		return true
	})
	out := &explainOut{}
	out.Body.Person = personRow(e.Person)
	out.Body.Matched, out.Body.AsOf, out.Body.Tree = e.Matched, e.AsOf, []ExplainedNode{}
	for _, n := range e.Tree {
		out.Body.Tree = append(out.Body.Tree, ExplainedNode{n.Pointer, sentences[n.Pointer], n.Matched, n.Actual, n.Wanted, orEmpty(n.Evidence), n.Since, n.NextChange})
	}
	return out, nil
}

// definitionAsked returns the condition that an explanation is asked of. A manual segment is asked about as itself.
func (a *API) definitionAsked(c *call, body explainBody) (carpel.Condition, error) {
	switch {
	case given(body.Definition) == (body.Segment != ""):
		return nil, carpel.Errorf(carpel.CodeInvalid, "send either a segment or a definition")
	case body.Segment == "":
		def, err := parseDefinition("definition", body.Definition)
		if err == nil {
			err = a.checkReferences(c, "definition", def)
		}
		return def, err
	}
	s, err := a.Records.Segment(c, c.Workspace, body.Segment)
	if err != nil {
		return nil, under("/segment", err)
	}
	if s.Definition == nil {
		return &carpel.InSegment{Ref: s.ID}, nil
	}
	return s.Definition, nil
}
