package api

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/records"
)

func (a *API) registerMembers() {
	const tag = "Members"
	route(a, operation{Method: http.MethodGet, Path: "/api/segments/{id}/members", Scope: records.ScopeRead, ID: "listMembers", Tag: tag,
		Summary: "List the people in a segment", Description: "`format=csv` or `format=ndjson` streams all of them.",
		Produces: []string{"text/csv", "application/x-ndjson"}}, a.listMembers)
	route(a, operation{Method: http.MethodPost, Path: "/api/segments/{id}/members", Scope: records.ScopeWrite, ID: "editMembers", Tag: tag, MaxBody: carpel.MaxBody,
		Summary: "Put people into a manual segment, or take them out", Description: "JSON `{add, remove}`, or a CSV (`text/csv`) whose first column, or the column named id or email, names the people to add."}, a.editMembers)
	route(a, operation{Method: http.MethodGet, Path: "/api/segments/{id}/changes", Scope: records.ScopeRead, ID: "listChanges", Tag: tag,
		Summary: "Read who entered and left", Description: "With `Accept: text/event-stream` the answer follows the feed live: events `change`, each with its cursor as id; `Last-Event-ID` goes on where a connection broke.",
		Produces: []string{"text/event-stream"}}, a.listChanges)
}

type listMembersIn struct {
	ID     string `path:"id" doc:"Id or key of the segment."`
	Limit  int    `query:"limit" default:"100" minimum:"1" maximum:"1000"`
	After  string `query:"after" doc:"Opaque: the next of the answer before."`
	Format string `query:"format" enum:"json,csv,ndjson" default:"json"`
}

// membersPage is the JSON answer of listMembers.
type membersPage struct {
	Members []carpel.Member `json:"members"`
	Next    string          `json:"next" doc:"Empty at the end."`
}

func (a *API) listMembers(c *call, in *listMembersIn) (*huma.StreamResponse, error) {
	s, err := a.Records.Segment(c, c.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	limit := in.Limit
	if in.Format != "json" {
		limit = 1000
	}
	members, next, err := c.Engine.Members(c, s.ID, in.After, limit)
	if err != nil {
		return nil, err
	}
	if in.Format == "json" {
		return jsonAnswer(membersPage{orEmpty(members), next}), nil
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
				if w.write(m, []string{m.Key, m.UserID, m.Email, m.EnteredAt.String()}) != nil {
					return // the client went away
				}
			}
			if next == "" {
				w.flush()
				return
			}
			if members, next, err = db.Members(ctx.Context(), s.ID, next, limit); err != nil {
				w.fail()
				return
			}
		}
	}}, nil
}

// jsonAnswer is a JSON answer from a handler that may also stream.
func jsonAnswer(body any) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		ctx.SetHeader("Content-Type", "application/json")
		enc := json.NewEncoder(ctx.BodyWriter())
		enc.SetEscapeHTML(false)
		_ = enc.Encode(body) // the client may be gone
	}}
}

// rowWriter streams rows as CSV or NDJSON.
type rowWriter struct {
	out  *bufio.Writer
	csv  *csv.Writer // nil for NDJSON
	json *json.Encoder
}

func newRowWriter(ctx huma.Context, format, name string, header []string) *rowWriter {
	w := &rowWriter{out: bufio.NewWriterSize(ctx.BodyWriter(), 64<<10)}
	ctx.SetHeader("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name+"."+format))
	if format == "csv" {
		ctx.SetHeader("Content-Type", "text/csv; charset=utf-8")
		w.csv = csv.NewWriter(w.out)
		_ = w.csv.Write(header) // an error stays in the writer and comes with the first row
		return w
	}
	ctx.SetHeader("Content-Type", "application/x-ndjson")
	w.json = json.NewEncoder(w.out)
	w.json.SetEscapeHTML(false)
	return w
}

// write adds a row: cells for CSV, object for NDJSON.
func (w *rowWriter) write(object any, cells []string) error {
	if w.csv == nil {
		return w.json.Encode(object)
	}
	for i, cell := range cells {
		cells[i] = plainCell(cell)
	}
	return w.csv.Write(cells)
}

// plainCell keeps a spreadsheet from reading a cell as a formula.
func plainCell(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

func (w *rowWriter) flush() {
	if w.csv != nil {
		w.csv.Flush()
	}
	_ = w.out.Flush() // the client may be gone
}

// fail breaks the answer off so that the client sees it is not whole: the chunked body never ends in order.
func (w *rowWriter) fail() {
	w.flush()
	panic(http.ErrAbortHandler)
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
	s, err := a.Records.Segment(c, c.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	if s.Kind != carpel.Manual {
		return nil, carpel.Errorf(carpel.CodeConflict, "people get into a dynamic segment by its definition; only a manual one is edited by hand")
	}
	var edit struct {
		Add    []string `json:"add"`
		Remove []string `json:"remove"`
	}
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
			return nil, err
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
	return out, a.audit(c, "segment.members", s.ID)
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
	Limit       int    `query:"limit" default:"100" minimum:"1" maximum:"1000"`
	Accept      string `header:"Accept"`
	LastEventID string `header:"Last-Event-ID"`
}

type changesPage struct {
	Changes []carpel.Change `json:"changes"`
	Next    string          `json:"next" doc:"Where to go on from; also when there are no changes."`
}

func (a *API) listChanges(c *call, in *listChangesIn) (*huma.StreamResponse, error) {
	s, err := a.Records.Segment(c, c.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	q := engine.ChangesQuery{Segment: s.ID, After: in.After, Limit: in.Limit}
	live := strings.Contains(in.Accept, "text/event-stream")
	if live && in.LastEventID != "" {
		q.After = in.LastEventID
	}
	changes, next, err := c.Engine.Changes(c, q)
	if err != nil {
		return nil, err
	}
	if !live {
		return jsonAnswer(changesPage{orEmpty(changes), next}), nil
	}
	db, release, err := a.Engine(c, c.Workspace)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		defer release()
		es := newEventStream(ctx)
		for {
			// The channel is taken before reading: a change between the two wakes us at once.
			watch := db.Watch()
			for {
				changes, after, err := db.Changes(ctx.Context(), q)
				if err != nil {
					return
				}
				q.After = after
				for _, ch := range changes {
					if es.send("change", ch.Seq, ch) != nil {
						return
					}
				}
				if len(changes) == 0 {
					break
				}
			}
			if !es.wait(watch) {
				return
			}
		}
	}}, nil
}

// eventStream writes server-sent events.
type eventStream struct {
	ctx huma.Context
	out io.Writer
}

// heartbeat is how often a silent stream says that it lives, so that proxies keep it and a dead client is noticed.
const heartbeat = 15 * time.Second

func newEventStream(ctx huma.Context) *eventStream {
	ctx.SetHeader("Content-Type", "text/event-stream")
	ctx.SetHeader("Cache-Control", "no-store")
	ctx.SetHeader("X-Accel-Buffering", "no")
	es := &eventStream{ctx, ctx.BodyWriter()}
	_, _ = io.WriteString(es.out, ": carpel\n\n")
	es.flush()
	return es
}

func (es *eventStream) flush() {
	if f, ok := es.out.(http.Flusher); ok {
		f.Flush()
	}
}

// send writes one event.
func (es *eventStream) send(name, id string, data any) error {
	body, err := json.Marshal(data)
	if err != nil {
		return err
	}
	if id != "" {
		id = "id: " + id + "\n"
	}
	_, err = fmt.Fprintf(es.out, "event: %s\n%sdata: %s\n\n", name, id, body)
	return err
}

// wait flushes, then returns true when watch is closed, false when the client is gone.
func (es *eventStream) wait(watch <-chan struct{}) bool {
	es.flush()
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-watch:
			return true
		case <-es.ctx.Context().Done():
			return false
		case <-tick.C:
			if _, err := io.WriteString(es.out, ": still here\n\n"); err != nil {
				return false
			}
			es.flush()
		}
	}
}
