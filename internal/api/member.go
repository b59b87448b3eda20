package api

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/records"
)

func (a *API) registerMembers() {
	const tag = "Members"
	route(a, operation{Method: http.MethodGet, Path: "/api/segments/{id}/members", Scope: records.ScopeRead, ID: "listMembers", Tag: tag,
		Summary: "List the people in a segment", Description: "`format=csv` or `format=ndjson` streams all of them.",
		Answer: membersPage{}, Produces: []string{"text/csv", "application/x-ndjson"}}, a.listMembers)
	route(a, operation{Method: http.MethodPost, Path: "/api/segments/{id}/members", Scope: records.ScopeWrite, ID: "editMembers", Tag: tag, MaxBody: carpel.MaxBody, RawBody: true,
		Summary: "Put people into a manual segment, or take them out", Description: "JSON `{add, remove}`, or a CSV (`text/csv`) whose first column, or the column named id or email, names the people to add."}, a.editMembers)
	doc := a.huma.OpenAPI()
	doc.Paths["/api/segments/{id}/members"].Post.RequestBody.Content = map[string]*huma.MediaType{
		"application/json": {Schema: doc.Components.Schemas.Schema(reflect.TypeFor[memberLists](), true, "MemberLists")}, "text/csv": {}}
	route(a, operation{Method: http.MethodGet, Path: "/api/segments/{id}/changes", Scope: records.ScopeRead, ID: "listChanges", Tag: tag,
		Summary: "Read who entered and left", Errors: []int{http.StatusGone}, Description: "With `Accept: text/event-stream` the answer follows the feed live: events `change`, each with its cursor as id; `Last-Event-ID` goes on where a connection broke.",
		Answer: changesPage{}, Produces: []string{"text/event-stream"}}, a.listChanges)
}

type listMembersIn struct {
	ID     string `path:"id" doc:"Id or key of the segment."`
	Limit  int    `query:"limit" default:"100" minimum:"1" maximum:"1000"`
	After  string `query:"after" doc:"Opaque: the next of the answer before."`
	Skip   int    `query:"skip" minimum:"0" doc:"How many to pass over first: the way into the middle of many."`
	Format string `query:"format" enum:"json,csv,ndjson" default:"json"`
}

// Member is a person in a segment.
type Member struct {
	Key       string        `json:"key"`
	ID        textOrNull    `json:"id"`
	Email     textOrNull    `json:"email"`
	EnteredAt carpel.Millis `json:"entered_at"`
}

func showMember(m carpel.Member) Member {
	return Member{m.Key, textOrNull(m.UserID), textOrNull(m.Email), m.EnteredAt}
}

// membersPage is the JSON answer of listMembers.
type membersPage struct {
	Members []Member `json:"members"`
	Next    string   `json:"next" doc:"Empty at the end."`
}

func (a *API) listMembers(c *call, in *listMembersIn) (*huma.StreamResponse, error) {
	s, err := a.unarchived(c, in.ID)
	if err != nil {
		return nil, err
	}
	q := engine.MembersQuery{Segment: s.ID, After: in.After, Skip: in.Skip, Limit: in.Limit}
	if in.Format != "json" {
		q.Limit = 1000
	}
	members, next, err := c.Engine.Members(c, q)
	if err != nil {
		return nil, err
	}
	if in.Format == "json" {
		page := membersPage{[]Member{}, next}
		for _, m := range members {
			page.Members = append(page.Members, showMember(m))
		}
		return jsonAnswer(page), nil
	}
	db, release, err := a.Engine(c, c.Workspace) // the stream outlives this function, and its hold on the engine
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		defer release()
		w := newRowWriter(ctx, in.Format, s.Key, []string{"key", "id", "email", "entered_at"})
		for {
			for _, m := range members {
				if w.write(showMember(m), []string{m.Key, m.UserID, m.Email, m.EnteredAt.String()}) != nil {
					return // the client went away
				}
			}
			if next == "" {
				w.flush()
				return
			}
			q.After, q.Skip = next, 0
			if members, next, err = db.Members(ctx.Context(), q); err != nil {
				w.fail()
				return
			}
		}
	}}, nil
}

type editMembersIn struct {
	ID          string `path:"id" doc:"Id or key of the segment."`
	ContentType string `header:"Content-Type"`
	RawBody     []byte `contentType:"application/json"`
}

// MemberEdit is what an edit did.
type MemberEdit struct {
	Added   int      `json:"added"`
	Removed int      `json:"removed"`
	Unknown []string `json:"unknown" doc:"The references that are nobody's."`
}

type editMembersOut struct{ Body MemberEdit }

func (a *API) editMembers(c *call, in *editMembersIn) (*editMembersOut, error) {
	s, err := a.unarchived(c, in.ID)
	if err != nil {
		return nil, err
	}
	if err := a.Room(); err != nil {
		return nil, err
	}
	if s.Kind != carpel.Manual {
		return nil, carpel.Errorf(carpel.CodeConflict, "people get into a dynamic segment by its definition; only a manual one is edited by hand")
	}
	var edit memberLists
	if strings.HasPrefix(in.ContentType, "text/csv") {
		edit.Add, err = csvIDs(in.RawBody)
	} else {
		err = strictJSON(in.RawBody, &edit)
	}
	if err != nil {
		return nil, err
	}
	now := carpel.MillisOf(a.Now())
	var items []carpel.Item
	refs := append(append([]string{}, edit.Add...), edit.Remove...)
	for i, ref := range refs {
		person, err := a.personRef(c, ref)
		if err != nil {
			return nil, under(pointerTo(edit, i), err)
		}
		items = append(items, carpel.Item{Kind: carpel.ItemMember, Person: person, At: now, Received: now, Source: "api",
			Segment: &carpel.MemberChange{ID: s.ID, Remove: i >= len(edit.Add), Cause: carpel.CauseManual}})
	}
	out := &editMembersOut{MemberEdit{Unknown: []string{}}}
	for at := 0; at < len(items); at += carpel.MaxItems {
		outcomes, err := c.Engine.Commit(c, items[at:min(at+carpel.MaxItems, len(items))])
		if err != nil {
			return nil, err
		}
		for i, o := range outcomes {
			switch {
			case o.Refused != nil && o.Refused.Code == carpel.CodeNotFound:
				out.Body.Unknown = append(out.Body.Unknown, refs[at+i])
			case o.Refused != nil:
				return nil, o.Refused
			case at+i < len(edit.Add):
				out.Body.Added++
			default:
				out.Body.Removed++
			}
		}
	}
	return out, a.auditDetail(c, "segment.members", s.ID, detail{"added": out.Body.Added, "removed": out.Body.Removed})
}

// memberLists are the people of an edit, as references.
type memberLists struct {
	Add    []string `json:"add,omitempty" doc:"Keys, id:…, email:…, or bare ids or emails."`
	Remove []string `json:"remove,omitempty"`
}

// pointerTo is where the i-th person of an edit came, those to add first.
func pointerTo(edit memberLists, i int) string {
	if i < len(edit.Add) {
		return fmt.Sprintf("/add/%d", i)
	}
	return fmt.Sprintf("/remove/%d", i-len(edit.Add))
}

// strictJSON decodes one JSON value and refuses unknown fields and anything behind it.
func strictJSON(data []byte, into any) error {
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return carpel.Errorf(carpel.CodeInvalid, "bad JSON: %v", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return carpel.Errorf(carpel.CodeInvalid, "something follows the JSON value")
	}
	return nil
}

// csvIDs reads the people of a CSV: the column named id or email, else the first, which then has no header.
func csvIDs(data []byte) ([]string, error) {
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(data), "\ufeff")))
	r.FieldsPerRecord = -1
	column, prefix := 0, ""
	var ids []string
	for n := 1; ; n++ {
		cells, err := r.Read()
		if err == io.EOF {
			return ids, nil
		}
		if err != nil {
			return nil, carpel.Errorf(carpel.CodeInvalid, "bad CSV: %v", err)
		}
		if n == 1 {
			if i, p, ok := idColumn(cells); ok {
				column, prefix = i, p
				continue
			}
		}
		if column >= len(cells) || cells[column] == "" {
			return nil, &carpel.Error{Code: carpel.CodeInvalid, Pointer: fmt.Sprintf("/%d", n), Message: fmt.Sprintf("row %d has no person", n)}
		}
		ids = append(ids, prefix+cells[column])
	}
}

func idColumn(header []string) (int, string, bool) {
	for i, name := range header {
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "id", "user_id", "userid":
			return i, "id:", true
		case "email":
			return i, "email:", true
		case "key":
			return i, "", true
		}
	}
	return 0, "", false
}

type listChangesIn struct {
	ID          string `path:"id" doc:"Id or key of the segment."`
	After       string `query:"after" doc:"Opaque cursor; empty for the oldest kept, now for the end."`
	Last        int    `query:"last" minimum:"0" maximum:"1000" doc:"Instead of after: begin so many changes before the end."`
	Limit       int    `query:"limit" default:"100" minimum:"1" maximum:"1000"`
	Accept      string `header:"Accept"`
	LastEventID string `header:"Last-Event-ID"`
}

// Change is a person's entry into a segment, or leaving.
type Change struct {
	Seq     string        `json:"seq" doc:"Opaque cursor of this change."`
	At      carpel.Millis `json:"at"`
	Segment string        `json:"segment"`
	Person  string        `json:"person" doc:"Key of the person."`
	ID      textOrNull    `json:"id"`
	Email   textOrNull    `json:"email"`
	Change  string        `json:"change" enum:"enter,leave"`
	Cause   carpel.Cause  `json:"cause" enum:"data,time,definition,manual,import,merge,erasure"`
}

func showChange(c carpel.Change) Change {
	return Change{c.Seq, c.At, c.Segment, c.Person, textOrNull(c.UserID), textOrNull(c.Email), c.Change, c.Cause}
}

type changesPage struct {
	Changes []Change `json:"changes"`
	Next    string   `json:"next" doc:"Where to go on from; also when there are no changes."`
}

func (a *API) listChanges(c *call, in *listChangesIn) (*huma.StreamResponse, error) {
	s, err := a.unarchived(c, in.ID)
	if err != nil {
		return nil, err
	}
	if in.After != "" && in.Last > 0 {
		return nil, &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/last", Message: "send either after or last"}
	}
	q := engine.ChangesQuery{Segment: s.ID, After: in.After, Last: in.Last, Limit: in.Limit}
	live := strings.Contains(in.Accept, "text/event-stream")
	if live && in.LastEventID != "" {
		q.After, q.Last = in.LastEventID, 0
	}
	changes, next, err := c.Engine.Changes(c, q)
	if err != nil {
		return nil, err
	}
	if !live {
		page := changesPage{[]Change{}, next}
		for _, ch := range changes {
			page.Changes = append(page.Changes, showChange(ch))
		}
		return jsonAnswer(page), nil
	}
	db, release, err := a.Engine(c, c.Workspace)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		defer release()
		es := a.newEventStream(ctx)
		for {
			// The channel is taken before reading: a change between the two wakes us at once.
			watch := db.Watch()
			for {
				changes, after, err := db.Changes(ctx.Context(), q)
				if err != nil {
					return
				}
				for _, ch := range changes {
					if es.send("change", ch.Seq, showChange(ch)) != nil {
						return
					}
				}
				moved := after != q.After // a read may pass over entries that are of nobody any more
				q.After, q.Last = after, 0
				if len(changes) == 0 && !moved {
					break
				}
			}
			if !es.wait(watch) {
				return
			}
		}
	}}, nil
}
