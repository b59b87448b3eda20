package api

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/records"
)

// personRef reads how a path or a body names a person: a key (p_…), id:<user id>, email:<address>; a bare text is a
// user id if somebody has it, else an email.
func (a *API) personRef(c *call, s string) (carpel.PersonRef, error) {
	if s == "" || len(s) > carpel.MaxIDBytes+len("email:") {
		return carpel.PersonRef{}, &carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxIDBytes, Actual: int64(len(s)), Message: "a person is named by a key, an id or an email of 1 to 255 bytes"}
	}
	if id, ok := strings.CutPrefix(s, "id:"); ok {
		return carpel.PersonRef{UserID: id}, nil
	}
	if email, ok := strings.CutPrefix(s, "email:"); ok {
		return carpel.PersonRef{Email: email}, nil
	}
	for _, ref := range []carpel.PersonRef{{Key: s}, {UserID: s}, {Email: s}} {
		if ref.Key != "" && !strings.HasPrefix(s, "p_") {
			continue
		}
		p, err := c.Engine.Person(c, ref)
		if err == nil {
			return carpel.PersonRef{Key: p.Key}, nil
		}
		if carpel.ErrorCode(err) != carpel.CodeNotFound {
			return ref, err
		}
	}
	return carpel.PersonRef{UserID: s}, nil // nobody: whoever asks says so
}

// personPath is the path parameter that names a person.
type personPath struct {
	ID string `path:"id" doc:"A key (p_…), id:<user id>, email:<address>, or a bare user id or email."`
}

// Person is a person as the API shows one.
type Person struct {
	Key         string                 `json:"key" doc:"Ours and permanent." example:"p_4k2n7xq3"`
	ID          textOrNull             `json:"id" doc:"The user id; null when known only by email."`
	Email       textOrNull             `json:"email"`
	IDs         []string               `json:"ids,omitempty" doc:"Every user id that means this person."`
	FirstSeenAt carpel.Millis          `json:"first_seen_at"`
	LastSeenAt  carpel.Millis          `json:"last_seen_at" doc:"Of the latest event, page or screen; null for none."`
	Suppressed  bool                   `json:"suppressed"`
	Reachable   map[string]bool        `json:"reachable,omitempty" doc:"By channel."`
	Attributes  map[string]carpel.Attr `json:"attributes,omitempty"`
}

func showPerson(p carpel.Person) Person {
	return Person{p.Key, textOrNull(p.UserID), textOrNull(p.Email), p.IDs, p.FirstSeenAt, p.LastSeenAt, p.Suppressed, p.Reachable, p.Attributes}
}

func (a *API) registerPeople() {
	const tag = "People"
	route(a, operation{Method: http.MethodGet, Path: "/api/people", Scope: records.ScopeRead, ID: "listPeople", Tag: tag,
		Summary: "Search people", Description: "By the beginning of the id or email, or by an attribute's exact value. `format=csv` or `format=ndjson` streams all of them with their attributes.",
		Answer: peoplePage{}, Produces: []string{"text/csv", "application/x-ndjson"}}, a.listPeople)
	route(a, operation{Method: http.MethodGet, Path: "/api/people/{id}", Scope: records.ScopeRead, ID: "getPerson", Tag: tag,
		Summary: "Read a person with attributes"}, a.getPerson)
	route(a, operation{Method: http.MethodDelete, Path: "/api/people/{id}", Scope: records.ScopeAdmin, ID: "erasePerson", Tag: tag,
		Summary: "Erase a person", Description: "Gone from every answer at once, from disk within 7 days. An id seen again is a new person."}, a.erasePerson)
	route(a, operation{Method: http.MethodGet, Path: "/api/people/{id}/events", Scope: records.ScopeRead, ID: "listEvents", Tag: tag,
		Summary: "A person's timeline, newest first"}, a.listEvents)
	route(a, operation{Method: http.MethodGet, Path: "/api/people/{id}/messages", Scope: records.ScopeRead, ID: "listMessages", Tag: tag,
		Summary: "What happened between a person and messages, newest first"}, func(c *call, in *timelineIn) (*eventsOut, error) {
		return a.timeline(c, in, "message", "")
	})
	route(a, operation{Method: http.MethodGet, Path: "/api/people/{id}/devices", Scope: records.ScopeRead, ID: "listDevices", Tag: tag,
		Summary: "A person's devices"}, a.listDevices)
	route(a, operation{Method: http.MethodGet, Path: "/api/people/{id}/segments", Scope: records.ScopeRead, ID: "listPersonSegments", Heavy: true, Tag: tag,
		Summary: "The segments a person is in, and since when"}, a.listPersonSegments)
}

type listPeopleIn struct {
	Search     string   `query:"search" doc:"Beginning of a user id or email."`
	Attribute  string   `query:"attribute" doc:"With value: people whose attribute is this."`
	Value      string   `query:"value"`
	Attributes []string `query:"attributes,explode" maxItems:"50" doc:"Names of attributes to give with each; id and email are always given. csv and ndjson have all."`
	Limit      int      `query:"limit" default:"100" minimum:"1" maximum:"1000"`
	After      string   `query:"after" doc:"Opaque: the next of the answer before."`
	Format     string   `query:"format" enum:"json,csv,ndjson" default:"json"`
}

type peoplePage struct {
	People []Person `json:"people"`
	Next   string   `json:"next" doc:"Empty at the end."`
}

func (a *API) listPeople(c *call, in *listPeopleIn) (*huma.StreamResponse, error) {
	q := engine.PeopleQuery{Prefix: in.Search, Attribute: in.Attribute, Value: carpel.TextValue(in.Value), After: in.After, Limit: in.Limit}
	if in.Attribute == "" {
		q.Value = carpel.Value{}
	}
	if in.Format != "json" {
		q.Limit = 1000
	}
	people, next, err := c.Engine.ListPeople(c, q)
	if err != nil {
		return nil, err
	}
	if in.Format == "json" {
		page, err := listed(c, people, in.Attributes)
		if err != nil {
			return nil, err
		}
		return jsonAnswer(peoplePage{page, next}), nil
	}
	db, release, err := a.Engine(c, c.Workspace)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		defer release()
		w := newRowWriter(ctx, in.Format, "people", []string{"key", "id", "email", "first_seen_at", "attributes"})
		for {
			for _, row := range people {
				p, err := db.Person(ctx.Context(), carpel.PersonRef{Key: row.Key})
				if carpel.ErrorCode(err) == carpel.CodeNotFound {
					continue // erased since the page was read
				}
				if err != nil {
					w.fail()
				}
				if w.write(showPerson(*p), []string{p.Key, p.UserID, p.Email, p.FirstSeenAt.String(), string(attributesJSON(p))}) != nil {
					return
				}
			}
			if next == "" {
				w.flush()
				return
			}
			q.After = next
			if people, next, err = db.ListPeople(ctx.Context(), q); err != nil {
				w.fail()
			}
		}
	}}, nil
}

// listed reads the people of a page, with those of their attributes that are asked for.
func listed(c *call, people []carpel.Person, attributes []string) ([]Person, error) {
	rows := []Person{}
	for _, row := range people {
		p, err := c.Engine.Person(c, carpel.PersonRef{Key: row.Key})
		if carpel.ErrorCode(err) == carpel.CodeNotFound {
			continue // erased since the page was read
		}
		if err != nil {
			return nil, err
		}
		maps.DeleteFunc(p.Attributes, func(name string, _ carpel.Attr) bool { return !slices.Contains(attributes, name) })
		rows = append(rows, showPerson(*p))
	}
	return rows, nil
}

// attributesJSON is a person's attributes as a JSON object of bare values.
func attributesJSON(p *carpel.Person) []byte {
	b := []byte{'{'}
	for i, name := range sortedKeys(p.Attributes) {
		if i > 0 {
			b = append(b, ',')
		}
		b = carpel.TextValue(name).AppendJSON(b)
		b = append(b, ':')
		b = p.Attributes[name].Value.AppendJSON(b)
	}
	return append(b, '}')
}

type personOut struct{ Body Person }

func (a *API) getPerson(c *call, in *personPath) (*personOut, error) {
	ref, err := a.personRef(c, in.ID)
	if err != nil {
		return nil, err
	}
	p, err := c.Engine.Person(c, ref)
	if err != nil {
		return nil, err
	}
	return &personOut{showPerson(*p)}, nil
}

func (a *API) erasePerson(c *call, in *personPath) (*struct{}, error) {
	ref, err := a.personRef(c, in.ID)
	if err != nil {
		return nil, err
	}
	p, err := c.Engine.Person(c, ref)
	if err != nil {
		return nil, err
	}
	// Before the commit: a crash behind it would leave the bodies for ever, since nobody knows the ids afterwards.
	if err := a.Records.EraseRejections(c, c.Workspace, p.Identities); err != nil {
		return nil, err
	}
	who := records.Erased{People: []string{p.Key}, IDs: p.Identities}
	if err := a.Records.EraseMessages(c, c.Workspace, who); err != nil {
		return nil, err
	}
	now := carpel.MillisOf(a.Now())
	outcomes, err := c.Engine.Commit(c, []carpel.Item{{Kind: carpel.ItemErase, Person: carpel.PersonRef{Key: p.Key}, At: now, Received: now, Source: "api"}})
	if err != nil {
		return nil, err
	}
	if outcomes[0].Refused != nil {
		return nil, outcomes[0].Refused
	}
	if err := a.Records.EraseMessages(c, c.Workspace, who); err != nil { // what began to go out meanwhile
		return nil, err
	}
	return nil, a.audit(c, "person.erase", p.Key)
}

type timelineIn struct {
	ID    string `path:"id" doc:"A key (p_…), id:<user id>, email:<address>, or a bare user id or email."`
	Limit int    `query:"limit" default:"100" minimum:"1" maximum:"1000"`
	After string `query:"after" doc:"Opaque: the next of the answer before."`
}

type listEventsIn struct {
	ID    string `path:"id" doc:"A key (p_…), id:<user id>, email:<address>, or a bare user id or email."`
	Limit int    `query:"limit" default:"100" minimum:"1" maximum:"1000"`
	After string `query:"after" doc:"Opaque: the next of the answer before."`
	Kind  string `query:"kind" enum:"event,page,screen,message"`
	Name  string `query:"name"`
}

type eventsOut struct {
	Body struct {
		Events []carpel.Event `json:"events"`
		Next   string         `json:"next" doc:"Empty at the end."`
	}
}

func (a *API) listEvents(c *call, in *listEventsIn) (*eventsOut, error) {
	return a.timeline(c, &timelineIn{in.ID, in.Limit, in.After}, in.Kind, in.Name)
}

func (a *API) timeline(c *call, in *timelineIn, kind, name string) (*eventsOut, error) {
	ref, err := a.personRef(c, in.ID)
	if err != nil {
		return nil, err
	}
	events, next, err := c.Engine.Events(c, ref, engine.EventsQuery{Kind: kind, Name: name, After: in.After, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := &eventsOut{}
	out.Body.Events, out.Body.Next = orEmpty(events), next
	return out, nil
}

type devicesOut struct {
	Body struct {
		Devices []carpel.DeviceInfo `json:"devices"`
	}
}

func (a *API) listDevices(c *call, in *personPath) (*devicesOut, error) {
	ref, err := a.personRef(c, in.ID)
	if err != nil {
		return nil, err
	}
	devices, err := c.Engine.Devices(c, ref)
	if err != nil {
		return nil, err
	}
	out := &devicesOut{}
	out.Body.Devices = orEmpty(devices)
	return out, nil
}

// PersonSegment is a segment that a person is in.
type PersonSegment struct {
	ID        string        `json:"id"`
	Key       string        `json:"key"`
	Name      string        `json:"name"`
	EnteredAt carpel.Millis `json:"entered_at"`
	LeavesAt  carpel.Millis `json:"leaves_at" doc:"When the passing of time alone takes them out; null for never, and when it was not asked."`
}

type personSegmentsIn struct {
	ID     string `path:"id" doc:"A key (p_…), id:<user id>, email:<address>, or a bare user id or email."`
	Leaves bool   `query:"leaves" doc:"Work out leaves_at, which takes longer."`
}

type personSegmentsOut struct {
	Body struct {
		Segments []PersonSegment `json:"segments"`
	}
}

func (a *API) listPersonSegments(c *call, in *personSegmentsIn) (*personSegmentsOut, error) {
	ref, err := a.personRef(c, in.ID)
	if err != nil {
		return nil, err
	}
	entered, err := c.Engine.SegmentsOf(c, ref)
	if err != nil {
		return nil, err
	}
	all, err := a.Records.Segments(c, c.Workspace)
	if err != nil {
		return nil, err
	}
	out := &personSegmentsOut{}
	out.Body.Segments = []PersonSegment{}
	for _, s := range all {
		at, ok := entered[s.ID]
		if !ok || s.State == carpel.StateArchived {
			continue
		}
		leaves := carpel.Never
		if in.Leaves {
			if leaves, err = leavesAt(c, ref, s); err != nil {
				return nil, err
			}
		}
		out.Body.Segments = append(out.Body.Segments, PersonSegment{s.ID, s.Key, s.Name, at, leaves})
	}
	return out, nil
}

// leavesAt returns when the passing of time alone takes a member out of a segment; Never for one that is manual, or not
// live: a frozen one keeps its members, and the definition of one that is being built does not serve yet.
func leavesAt(c *call, ref carpel.PersonRef, s carpel.Segment) (carpel.Millis, error) {
	st, err := c.Engine.Status(s.ID)
	if err != nil || s.Definition == nil || st.State != carpel.StateLive {
		return carpel.Never, nil
	}
	e, err := c.Engine.Explain(c, engine.ExplainQuery{Person: ref, Condition: s.Definition})
	if err != nil {
		return 0, err
	}
	if !e.Matched {
		return carpel.Never, nil // has left since the list was read
	}
	return e.Tree[0].NextChange, nil
}
