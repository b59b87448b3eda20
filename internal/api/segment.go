package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/records"
)

// Segment is a segment as the API shows it.
type Segment struct {
	ID          string              `json:"id" example:"seg_4k2n7xq3"`
	Key         string              `json:"key" doc:"Slug, unique, never changed." example:"power-users"`
	Alias       int64               `json:"alias" doc:"The integer that the Customer.io family knows it by."`
	Name        string              `json:"name"`
	Description string              `json:"description"`
	Tags        []string            `json:"tags"`
	Kind        carpel.SegmentKind  `json:"kind" enum:"dynamic,manual"`
	Definition  json.RawMessage     `json:"definition,omitempty" doc:"Canonical JSON of the definition; absent for manual."`
	Sentence    string              `json:"sentence,omitempty" doc:"The definition in plain words."`
	Text        string              `json:"text,omitempty" doc:"The definition in the text form, which parses back to it."`
	State       carpel.SegmentState `json:"state" enum:"building,live,paused,failed,archived"`
	Reason      string              `json:"reason,omitempty" doc:"Why it failed."`
	Progress    float64             `json:"progress" doc:"0 to 1 of the build under way."`
	Count       int64               `json:"count" doc:"Exact, of the version that serves."`
	Version     int                 `json:"version" doc:"Of the definition last saved."`
	Serving     int                 `json:"serving" doc:"The version that serves; 0 before the first build."`
	UsedIn      []string            `json:"used_in" doc:"Ids of the segments that refer to it."`
	Campaigns   []string            `json:"campaigns" doc:"Ids of the campaigns that use it."`
	CreatedAt   time.Time           `json:"created_at"`
	UpdatedAt   time.Time           `json:"updated_at"`
}

// segmentOut is an answer of one segment; ETag is what If-Match takes.
type segmentOut struct {
	ETag string `header:"ETag"`
	Body Segment
}

func etag(updated time.Time) string { return fmt.Sprintf(`"%d"`, updated.UnixMilli()) }

// unchanged refuses an edit of what was changed, at updated, since its editor read it; what names it in the words.
func unchanged(what string, updated time.Time, ifMatch string) error {
	if ifMatch == "" || ifMatch == "*" || ifMatch == etag(updated) {
		return nil
	}
	return carpel.Errorf(carpel.CodeVersion, "the %s was changed by somebody else at %s; read it again", what, updated.Format(time.RFC3339))
}

// ifVersion is unchanged, and returns the moment that the records then hold the edit to; zero when any will do.
func ifVersion(what string, updated time.Time, ifMatch string) (time.Time, error) {
	if ifMatch == "" || ifMatch == "*" {
		return time.Time{}, nil
	}
	return updated, unchanged(what, updated, ifMatch)
}

// usedIn returns, by id and by key, the ids of the segments that refer to a segment. Archived ones do not count.
func usedIn(all []carpel.Segment) map[string][]string {
	uses := map[string][]string{}
	for _, s := range all {
		if s.Definition == nil || s.State == carpel.StateArchived {
			continue
		}
		for _, ref := range carpel.References(s.Definition) {
			uses[ref] = append(uses[ref], s.ID)
		}
	}
	return uses
}

// show joins what the records and the engine know of a segment; uses is of all segments.
func show(s carpel.Segment, uses map[string][]string, st engine.Status) Segment {
	out := Segment{ID: s.ID, Key: s.Key, Alias: s.Alias, Name: s.Name, Description: s.Description, Tags: s.Tags, Kind: s.Kind,
		State: s.State, Progress: 1, Version: s.Version, CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt, UsedIn: []string{}, Campaigns: []string{}}
	if s.Definition != nil {
		out.Definition = carpel.Canonical(s.Definition)
		out.Sentence, out.Text = carpel.Sentence(s.Definition), carpel.FormatText(s.Definition)
	}
	if s.State != carpel.StateArchived && st.ID != "" {
		out.State, out.Reason, out.Count, out.Serving = st.State, st.Reason, st.Count, st.Serving
		if st.Building != 0 {
			out.Progress = st.Progress
		}
	}
	for _, id := range slices.Concat(uses[s.ID], uses[s.Key]) {
		if !slices.Contains(out.UsedIn, id) {
			out.UsedIn = append(out.UsedIn, id)
		}
	}
	return out
}

// segment reads one by id or key and shows it.
func (a *API) segment(c *call, ref string) (Segment, error) {
	all, err := a.Records.Segments(c, c.Workspace)
	if err != nil {
		return Segment{}, err
	}
	for _, s := range all {
		if s.ID == ref || s.Key == ref {
			st, err := c.Engine.Status(s.ID)
			if err != nil && carpel.ErrorCode(err) != carpel.CodeNotFound {
				return Segment{}, err
			}
			shown := show(s, usedIn(all), st)
			campaigns, err := a.campaignsOf(c, s.ID, s.Key)
			for _, one := range campaigns {
				shown.Campaigns = append(shown.Campaigns, one.ID)
			}
			return shown, err
		}
	}
	return Segment{}, records.NoSegment(ref, all)
}

func (a *API) segmentAnswer(c *call, id string) (*segmentOut, error) {
	s, err := a.segment(c, id)
	if err != nil {
		return nil, err
	}
	return &segmentOut{ETag: etag(s.UpdatedAt), Body: s}, nil
}

// parseDefinition reads a definition that came as the named field of a body.
func parseDefinition(field string, raw json.RawMessage) (carpel.Condition, error) {
	c, err := carpel.ParseCondition(raw)
	if err != nil {
		return nil, under("/"+field, err)
	}
	return c, nil
}

// checkReferences refuses a definition, which came as the named field of a body, that refers to a segment that is not
// there, with the place and the nearest key.
func (a *API) checkReferences(c *call, field string, def carpel.Condition) error {
	if def == nil || len(carpel.References(def)) == 0 {
		return nil
	}
	all, err := a.Records.Segments(c, c.Workspace)
	if err != nil {
		return err
	}
	var keys []string
	known := map[string]bool{}
	for _, s := range all {
		if s.State != carpel.StateArchived {
			keys = append(keys, s.Key)
			known[s.ID], known[s.Key] = true, true
		}
	}
	var missing error
	carpel.Walk(def, func(pointer string, n carpel.Condition) bool {
		if in, ok := n.(*carpel.InSegment); ok && !known[in.Ref] && missing == nil {
			missing = &carpel.Error{Code: carpel.CodeNotFound, Pointer: "/" + field + pointer + "/segment", Suggestion: carpel.Nearest(in.Ref, keys),
				Message: fmt.Sprintf("there is no segment %.60q", in.Ref)}
		}
		return missing == nil
	})
	return missing
}

// under moves an error's pointer below the place where the part that it is about came.
func under(prefix string, err error) error {
	var e *carpel.Error
	if errors.As(err, &e) {
		moved := *e
		moved.Pointer = prefix + e.Pointer
		return &moved
	}
	return err
}

// given reports whether an optional raw field was sent, and not as null.
func given(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

type segmentPath struct {
	ID string `path:"id" doc:"Id or key of the segment."`
}

func (a *API) registerSegments() {
	const tag = "Segments"
	route(a, operation{Method: http.MethodGet, Path: "/api/segments", Scope: records.ScopeRead, ID: "listSegments", Tag: tag,
		Summary: "List segments"}, a.listSegments)
	route(a, operation{Method: http.MethodPost, Path: "/api/segments", Scope: records.ScopeWrite, ID: "createSegment", Tag: tag, Status: http.StatusCreated,
		Summary: "Create a segment", Description: "The segment is built beside live traffic; `state` and `progress` tell how far it is."}, a.createSegment)
	route(a, operation{Method: http.MethodGet, Path: "/api/segments/{id}", Scope: records.ScopeRead, ID: "getSegment", Tag: tag,
		Summary: "Read a segment"}, func(c *call, in *segmentPath) (*segmentOut, error) { return a.segmentAnswer(c, in.ID) })
	route(a, operation{Method: http.MethodPut, Path: "/api/segments/{id}", Scope: records.ScopeWrite, ID: "updateSegment", Tag: tag,
		Summary: "Change a segment", Errors: []int{http.StatusPreconditionFailed}, Description: "Fields left out stay as they are. A definition that differs makes a new version; the old one serves until the new one is built."}, a.updateSegment)
	route(a, operation{Method: http.MethodDelete, Path: "/api/segments/{id}", Scope: records.ScopeWrite, ID: "deleteSegment", Tag: tag,
		Summary: "Delete a segment", Errors: []int{http.StatusPreconditionFailed}, Description: "409 with the dependants when other segments refer to it."}, a.deleteSegment)
	for _, t := range []struct {
		verb, summary string
		act           func(c *call, s carpel.Segment) error
	}{
		{"archive", "Put a segment away: it is seen nowhere and makes no work. Its definition, or the members put in by hand, are kept for when it is restored", a.archive},
		{"restore", "Bring an archived segment back", a.restore},
		{"pause", "Freeze a segment: its members stay, nothing is told", a.pause},
		{"resume", "Go on with a paused segment; what changed meanwhile is told now", a.resume},
		{"cancel", "Stop the build under way", func(c *call, s carpel.Segment) error { return c.Engine.CancelBuild(c, s.ID) }},
	} {
		route(a, operation{Method: http.MethodPost, Path: "/api/segments/{id}/" + t.verb, Scope: records.ScopeWrite, ID: t.verb + "Segment", Tag: tag,
			Summary: t.summary}, func(c *call, in *segmentPath) (*segmentOut, error) {
			defer a.edits.lock(c.Workspace)()
			s, err := a.Records.Segment(c, c.Workspace, in.ID)
			if err != nil {
				return nil, err
			}
			if err := t.act(c, s); err != nil {
				return nil, err
			}
			if err := a.audit(c, "segment."+t.verb, s.ID); err != nil {
				return nil, err
			}
			return a.segmentAnswer(c, s.ID)
		})
	}
}

type listSegmentsIn struct {
	Search string `query:"search" doc:"Part of the name, key or description."`
	Tag    string `query:"tag"`
	Kind   string `query:"kind" enum:"dynamic,manual"`
	State  string `query:"state" enum:"building,live,paused,failed,archived" doc:"Archived segments are listed only when asked for."`
	Limit  int    `query:"limit" default:"100" minimum:"1" maximum:"1000"`
	After  string `query:"after" doc:"Opaque: the next of the answer before."`
}

type listSegmentsOut struct {
	Body struct {
		Segments []Segment `json:"segments"`
		Next     string    `json:"next" doc:"Empty at the end."`
	}
}

func (a *API) listSegments(c *call, in *listSegmentsIn) (*listSegmentsOut, error) {
	all, err := a.Records.Segments(c, c.Workspace)
	if err != nil {
		return nil, err
	}
	statuses := map[string]engine.Status{}
	for _, st := range c.Engine.Statuses() {
		statuses[st.ID] = st
	}
	out := &listSegmentsOut{}
	out.Body.Segments = []Segment{}
	uses := usedIn(all)
	started := in.After == ""
	search := carpel.Fold(in.Search)
	for _, s := range all {
		if !started {
			started = s.ID == in.After
			continue
		}
		shown := show(s, uses, statuses[s.ID])
		if !wanted(shown, in, search) {
			continue
		}
		if len(out.Body.Segments) == in.Limit {
			out.Body.Next = out.Body.Segments[in.Limit-1].ID
			break
		}
		out.Body.Segments = append(out.Body.Segments, shown)
	}
	if !started {
		return nil, carpel.Errorf(carpel.CodeGone, "the cursor's segment is gone; list again from the start")
	}
	return out, nil
}

func wanted(s Segment, in *listSegmentsIn, search string) bool {
	if in.State == "" && s.State == carpel.StateArchived || in.State != "" && in.State != string(s.State) {
		return false
	}
	if in.Kind != "" && in.Kind != string(s.Kind) || in.Tag != "" && !slices.Contains(s.Tags, in.Tag) {
		return false
	}
	return search == "" || slices.ContainsFunc([]string{s.Name, s.Key, s.Description}, func(text string) bool { return strings.Contains(carpel.Fold(text), search) })
}

type createSegmentIn struct {
	Body struct {
		Name        string             `json:"name" minLength:"1" maxLength:"150"`
		Key         string             `json:"key,omitempty" doc:"Made from the name if left out."`
		Description string             `json:"description,omitempty"`
		Tags        []string           `json:"tags,omitempty"`
		Kind        carpel.SegmentKind `json:"kind,omitempty" enum:"dynamic,manual" doc:"dynamic if left out."`
		Definition  json.RawMessage    `json:"definition,omitempty" doc:"Required for dynamic, refused for manual."`
	}
}

func (a *API) createSegment(c *call, in *createSegmentIn) (*segmentOut, error) {
	s := carpel.Segment{Name: in.Body.Name, Key: in.Body.Key, Description: in.Body.Description, Tags: in.Body.Tags, Kind: in.Body.Kind}
	if given(in.Body.Definition) {
		def, err := parseDefinition("definition", in.Body.Definition)
		if err != nil {
			return nil, err
		}
		s.Definition = def
	}
	defer a.edits.lock(c.Workspace)()
	if err := a.checkReferences(c, "definition", s.Definition); err != nil {
		return nil, err
	}
	s, err := a.Records.CreateSegment(c, c.Workspace, c.Who, s)
	if err != nil {
		return nil, err
	}
	if err := c.Engine.Define(c, definitionOf(s)); err != nil {
		// Nobody was told of the segment: taking it out of the records again leaves no trace. Should that fail too,
		// the next start finds it in the records and builds it.
		if undo := a.Records.DeleteSegment(c, c.Workspace, s.ID); undo != nil {
			a.Log.ErrorContext(c, "refused segment stays in the records", "segment", s.ID, "error", undo)
		}
		return nil, under("/definition", err)
	}
	if err := a.auditDetail(c, "segment.create", s.ID, detail{"kind": s.Kind}); err != nil {
		return nil, err
	}
	return a.segmentAnswer(c, s.ID)
}

func definitionOf(s carpel.Segment) engine.Definition {
	return engine.Definition{ID: s.ID, Key: s.Key, Version: s.Version, Condition: s.Definition, Manual: s.Kind == carpel.Manual}
}

type updateSegmentIn struct {
	ID      string `path:"id" doc:"Id or key of the segment."`
	IfMatch string `header:"If-Match" doc:"The ETag that the segment must still have; 412 otherwise."`
	Body    struct {
		Name        *string         `json:"name,omitempty" minLength:"1" maxLength:"150"`
		Description *string         `json:"description,omitempty"`
		Tags        *[]string       `json:"tags,omitempty"`
		Definition  json.RawMessage `json:"definition,omitempty"`
	}
}

func (a *API) updateSegment(c *call, in *updateSegmentIn) (*segmentOut, error) {
	edit := records.SegmentEdit{Name: in.Body.Name, Description: in.Body.Description, Tags: in.Body.Tags}
	if given(in.Body.Definition) {
		def, err := parseDefinition("definition", in.Body.Definition)
		if err != nil {
			return nil, err
		}
		edit.Definition = def
	}
	defer a.edits.lock(c.Workspace)()
	s, err := a.Records.Segment(c, c.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	if err := a.checkReferences(c, "definition", edit.Definition); err != nil {
		return nil, err
	}
	if err := unchanged("segment", s.UpdatedAt, in.IfMatch); err != nil {
		return nil, err
	}
	old := s
	s, err = a.Records.UpdateSegment(c, c.Workspace, c.Who, s.ID, edit)
	if err != nil {
		return nil, err
	}
	if s.Version != old.Version && s.State != carpel.StateArchived {
		if err := c.Engine.Define(c, definitionOf(s)); err != nil {
			if undo := a.Records.RevertSegment(c, c.Workspace, old); undo != nil {
				a.Log.ErrorContext(c, "refused definition stays in the records", "segment", s.ID, "error", undo)
			}
			return nil, under("/definition", err)
		}
	}
	if err := a.auditDetail(c, "segment.update", s.ID, detail{"changed": changed(old, s), "version": s.Version}); err != nil {
		return nil, err
	}
	return a.segmentAnswer(c, s.ID)
}

// changed names the parts in which a segment differs from what it was.
func changed(old, now carpel.Segment) []string {
	parts := []string{}
	for _, p := range []struct {
		name string
		same bool
	}{
		{"name", old.Name == now.Name}, {"description", old.Description == now.Description}, {"tags", slices.Equal(old.Tags, now.Tags)}, {"definition", old.Version == now.Version},
	} {
		if !p.same {
			parts = append(parts, p.name)
		}
	}
	return parts
}

type deleteSegmentIn struct {
	ID      string `path:"id" doc:"Id or key of the segment."`
	IfMatch string `header:"If-Match" doc:"The ETag that the segment must still have; 412 otherwise."`
}

func (a *API) deleteSegment(c *call, in *deleteSegmentIn) (*struct{}, error) {
	defer a.edits.lock(c.Workspace)()
	s, err := a.segment(c, in.ID)
	if err != nil {
		return nil, err
	}
	if err := unchanged("segment", s.UpdatedAt, in.IfMatch); err != nil {
		return nil, err
	}
	if err := a.notInUse(c, s); err != nil {
		return nil, err
	}
	if err := a.Records.DeleteSegment(c, c.Workspace, s.ID); err != nil {
		return nil, err
	}
	if err := drop(c, s.ID); err != nil {
		return nil, err
	}
	return nil, a.audit(c, "segment.delete", s.ID)
}

// notInUse refuses to take away a segment that another refers to: by its definition, or by the one before it, which serves
// until the new one is built.
func (a *API) notInUse(c *call, s Segment) error {
	if len(s.Campaigns) > 0 {
		return carpel.Errorf(carpel.CodeInUse, "campaigns use it: %s; change or archive those first", strings.Join(s.Campaigns, ", "))
	}
	if len(s.UsedIn) > 0 {
		return carpel.Errorf(carpel.CodeInUse, "other segments refer to it: %s; change those first", strings.Join(s.UsedIn, ", "))
	}
	switch needed, err := a.broadcastTo(c, s); {
	case err != nil:
		return err
	case needed != "":
		return carpel.Errorf(carpel.CodeInUse, "the broadcast %s is to go to it; cancel or change that first", needed)
	}
	all, err := a.Records.Segments(c, c.Workspace)
	if err != nil {
		return err
	}
	newest := map[string]int{}
	for _, other := range all {
		newest[other.ID] = other.Version
	}
	for _, st := range c.Engine.Statuses() {
		if st.Serving == 0 || st.Serving == newest[st.ID] {
			continue
		}
		versions, err := a.Records.SegmentVersions(c, c.Workspace, st.ID)
		if err != nil {
			return err
		}
		for _, v := range versions {
			if refs := carpel.References(v.Definition); v.Version == st.Serving && (slices.Contains(refs, s.ID) || slices.Contains(refs, s.Key)) {
				return carpel.Errorf(carpel.CodeInUse, "the segment %s refers to it until its new definition is built; try again then", st.ID)
			}
		}
	}
	return nil
}

func (a *API) archive(c *call, s carpel.Segment) error {
	shown, err := a.segment(c, s.ID)
	if err != nil {
		return err
	}
	if err := a.notInUse(c, shown); err != nil {
		return err
	}
	if _, err := a.Records.UpdateSegment(c, c.Workspace, c.Who, s.ID, records.SegmentEdit{State: carpel.StateArchived}); err != nil {
		return err
	}
	if s.Kind == carpel.Manual {
		return nil // the engine alone has its members
	}
	return drop(c, s.ID)
}

// unarchived reads a segment whose members are asked for; CodeConflict when it is put away.
func (a *API) unarchived(c *call, ref string) (carpel.Segment, error) {
	s, err := a.Records.Segment(c, c.Workspace, ref)
	if err == nil && s.State == carpel.StateArchived {
		err = carpel.Errorf(carpel.CodeConflict, "the segment %s is archived: restore it to see or change who is in it", s.Key)
	}
	return s, err
}

// drop takes a segment out of the engine, behind the records: what the engine alone holds, the members put in by hand, is
// gone only when the segment is. Should the engine fail, its next start drops what the records do not have.
func drop(c *call, id string) error {
	if err := c.Engine.Drop(c, id); err != nil && carpel.ErrorCode(err) != carpel.CodeNotFound {
		return err
	}
	return nil
}

func (a *API) restore(c *call, s carpel.Segment) error {
	if s.State != carpel.StateArchived {
		return carpel.Errorf(carpel.CodeConflict, "the segment is not archived")
	}
	if err := c.Engine.Define(c, definitionOf(s)); err != nil {
		return err
	}
	_, err := a.Records.UpdateSegment(c, c.Workspace, c.Who, s.ID, records.SegmentEdit{State: carpel.StateLive})
	return err
}

func (a *API) pause(c *call, s carpel.Segment) error {
	if s.State == carpel.StateArchived {
		return carpel.Errorf(carpel.CodeConflict, "the segment is archived")
	}
	if err := c.Engine.Pause(c, s.ID); err != nil {
		return err
	}
	_, err := a.Records.UpdateSegment(c, c.Workspace, c.Who, s.ID, records.SegmentEdit{State: carpel.StatePaused})
	return err
}

func (a *API) resume(c *call, s carpel.Segment) error {
	if s.State != carpel.StatePaused {
		return carpel.Errorf(carpel.CodeConflict, "the segment is not paused")
	}
	if err := c.Engine.Resume(c, s.ID); err != nil {
		return err
	}
	_, err := a.Records.UpdateSegment(c, c.Workspace, c.Who, s.ID, records.SegmentEdit{State: carpel.StateLive})
	return err
}
