package api

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/campaign"
	"github.com/carpel/carpel/internal/records"
)

// Broadcast is a broadcast as the API shows it.
type Broadcast struct {
	carpel.Broadcast
	Sentence string `json:"sentence" doc:"The audience in plain words; empty while there is none."`
	Text     string `json:"text" doc:"The audience in the text form."`
}

// broadcastOut is an answer of one broadcast; ETag is what If-Match takes.
type broadcastOut struct {
	ETag string `header:"ETag"`
	Body Broadcast
}

func showBroadcast(b carpel.Broadcast) Broadcast {
	out := Broadcast{Broadcast: b}
	if audience, err := carpel.ParseCondition(b.Spec.Audience); given(b.Spec.Audience) && err == nil {
		out.Sentence, out.Text = carpel.Sentence(audience), carpel.FormatText(audience)
	}
	return out
}

func broadcastAnswer(b carpel.Broadcast, err error) (*broadcastOut, error) {
	if err != nil {
		return nil, err
	}
	return &broadcastOut{ETag: etag(b.UpdatedAt), Body: showBroadcast(b)}, nil
}

type broadcastPath struct {
	ID string `path:"id" doc:"Id of the broadcast."`
}

func (a *API) registerBroadcasts() {
	const tag, path = "Broadcasts", "/api/broadcasts"
	routeRecords(a, operation{Method: http.MethodGet, Path: path, Scope: records.ScopeRead, ID: "listBroadcasts", Tag: tag,
		Summary: "List broadcasts, newest first"}, a.listBroadcasts)
	routeRecords(a, operation{Method: http.MethodPost, Path: path, Scope: records.ScopeWrite, ID: "createBroadcast", Tag: tag, Status: http.StatusCreated,
		Summary: "Draft a broadcast", Description: "Nothing is sent. A draft may lack anything but its name."}, a.createBroadcast)
	routeRecords(a, operation{Method: http.MethodGet, Path: path + "/{id}", Scope: records.ScopeRead, ID: "getBroadcast", Tag: tag,
		Summary: "Read a broadcast"}, func(c *call, in *broadcastPath) (*broadcastOut, error) {
		return broadcastAnswer(a.Records.Broadcast(c, c.Workspace, in.ID))
	})
	routeRecords(a, operation{Method: http.MethodPut, Path: path + "/{id}", Scope: records.ScopeWrite, ID: "updateBroadcast", Tag: tag, Errors: []int{http.StatusPreconditionFailed},
		Summary: "Change a draft", Description: "A name or a spec left out stays as it is; a spec is given whole."}, a.updateBroadcast)
	routeRecords(a, operation{Method: http.MethodDelete, Path: path + "/{id}", Scope: records.ScopeWrite, ID: "deleteBroadcast", Tag: tag, Errors: []int{http.StatusPreconditionFailed},
		Summary: "Delete a draft", Description: "Or what was cancelled before it began. What was sent stays."}, a.deleteBroadcast)
	route(a, operation{Method: http.MethodPost, Path: path + "/{id}/review", Scope: records.ScopeRead, ID: "reviewBroadcast", Tag: tag, Heavy: true,
		Summary: "What sending a broadcast would do", Description: "Whom it would reach and whom not, with the reasons, as of now; messages as real people would get them; and what to look at before."}, a.reviewBroadcast)
	routeRecords(a, operation{Method: http.MethodGet, Path: path + "/{id}/report", Scope: records.ScopeRead, ID: "reportBroadcast", Tag: tag,
		Summary: "What became of a broadcast", Description: "The people behind each number are those of `GET /api/deliveries` with the same filter."}, a.reportBroadcast)
	for _, m := range []struct {
		move    carpel.BroadcastMove
		summary string
	}{
		{carpel.ScheduleBroadcast, "Schedule a draft"},
		{carpel.SendBroadcast, "Send a broadcast now, whatever its schedule says"},
	} {
		route(a, operation{Method: http.MethodPost, Path: path + "/{id}/" + string(m.move), Scope: records.ScopeSend, ID: string(m.move) + "Broadcast", Tag: tag, Heavy: true,
			Summary: m.summary, Errors: []int{http.StatusPreconditionFailed}, Description: "To more than 1,000 people `confirm` is needed: how many would get a message, as the review says."},
			func(c *call, in *confirmBroadcastIn) (*broadcastOut, error) {
				if err := a.confirmed(c, in); err != nil {
					return nil, err
				}
				return a.moveBroadcast(c, in.ID, in.IfMatch, m.move)
			})
	}
	for _, m := range []struct {
		move    carpel.BroadcastMove
		summary string
	}{
		{carpel.UnscheduleBroadcast, "Make a draft again of what is scheduled"},
		{carpel.PauseBroadcast, "Pause a broadcast: nothing more goes out but what is being sent right now"},
		{carpel.ResumeBroadcast, "Go on with a paused broadcast"},
		{carpel.CancelBroadcast, "Cancel a broadcast for good: what has not gone out is skipped"},
	} {
		routeRecords(a, operation{Method: http.MethodPost, Path: path + "/{id}/" + string(m.move), Scope: records.ScopeSend, ID: string(m.move) + "Broadcast", Tag: tag,
			Summary: m.summary, Errors: []int{http.StatusPreconditionFailed}}, func(c *call, in *moveBroadcastIn) (*broadcastOut, error) {
			return a.moveBroadcast(c, in.ID, in.IfMatch, m.move)
		})
	}
}

type listBroadcastsIn struct {
	Search string                `query:"search" doc:"Part of the name."`
	State  carpel.BroadcastState `query:"state" enum:"draft,scheduled,sending,paused,sent,cancelled"`
	Limit  int                   `query:"limit" default:"100" minimum:"1" maximum:"1000"`
	After  string                `query:"after" doc:"Opaque: the next of the answer before."`
}

type listBroadcastsOut struct {
	Body struct {
		Broadcasts []Broadcast `json:"broadcasts"`
		Next       string      `json:"next" doc:"Empty at the end."`
	}
}

func (a *API) listBroadcasts(c *call, in *listBroadcastsIn) (*listBroadcastsOut, error) {
	f := records.BroadcastFilter{State: in.State, Search: in.Search, Limit: in.Limit + 1}
	if in.After != "" {
		var err error
		if f.Before, err = strconv.ParseInt(in.After, 10, 64); err != nil || f.Before < 1 {
			return nil, &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/after", Message: "after is a cursor from an earlier answer"}
		}
	}
	all, err := a.Records.Broadcasts(c, c.Workspace, f)
	if err != nil {
		return nil, err
	}
	out := &listBroadcastsOut{}
	if len(all) > in.Limit {
		all = all[:in.Limit]
		out.Body.Next = strconv.FormatInt(all[in.Limit-1].Alias, 10)
	}
	out.Body.Broadcasts = make([]Broadcast, len(all))
	for i, b := range all {
		out.Body.Broadcasts[i] = showBroadcast(b)
	}
	return out, nil
}

type createBroadcastIn struct {
	Body struct {
		Name string               `json:"name" minLength:"1" maxLength:"150"`
		Spec carpel.BroadcastSpec `json:"spec,omitempty"`
	}
}

func (a *API) createBroadcast(c *call, in *createBroadcastIn) (*broadcastOut, error) {
	if err := a.resolveSpec(c, &in.Body.Spec); err != nil {
		return nil, under("/spec", err)
	}
	b, err := a.Records.CreateBroadcast(c, c.Workspace, carpel.Broadcast{Name: in.Body.Name, Spec: in.Body.Spec})
	if err != nil {
		return nil, specFault(err)
	}
	return broadcastAnswer(b, a.audit(c, "broadcast.create", b.ID))
}

// specFault puts a fault of a spec below it; one of the name stays where it is.
func specFault(err error) error {
	if e, ok := err.(*carpel.Error); ok && e.Pointer != "/name" && e.Pointer != "" {
		return under("/spec", err)
	}
	return err
}

// resolveSpec looks for what a spec refers to, and makes ids and canonical definitions of how it was given.
func (a *API) resolveSpec(c *call, s *carpel.BroadcastSpec) error {
	if given(s.Audience) {
		audience, err := parseDefinition("audience", s.Audience)
		if err == nil {
			err = a.checkReferences(c, "audience", audience)
		}
		if err != nil {
			return err
		}
		s.Audience = carpel.Canonical(audience)
	}
	kind := s.WithDefaults().Kind
	for i := range s.Variants {
		v := &s.Variants[i]
		if v.Version = 0; v.Template == "" {
			continue
		}
		at := fmt.Sprintf("/variants/%d/template", i)
		t, err := a.Records.Template(c, c.Workspace, v.Template)
		if err != nil {
			return under(at, err)
		}
		if t.Kind != kind {
			return &carpel.Error{Code: carpel.CodeInvalid, Pointer: at, Message: fmt.Sprintf("the template %s is of the kind %s, and the broadcast of %s", t.Key, t.Kind, kind)}
		}
		v.Template = t.ID
	}
	if g := s.Goal; g != nil && g.Segment != "" {
		segment, err := a.Records.Segment(c, c.Workspace, g.Segment)
		if err != nil {
			return under("/goal/segment", err)
		}
		g.Segment = segment.ID
	}
	if s.Topic == "" {
		return nil
	}
	sending, err := a.Records.Sending(c, c.Workspace)
	if err != nil {
		return err
	}
	keys := make([]string, len(sending.Topics))
	for i, t := range sending.Topics {
		keys[i] = t.Key
	}
	if !slices.Contains(keys, s.Topic) {
		return &carpel.Error{Code: carpel.CodeNotFound, Pointer: "/topic", Suggestion: carpel.Nearest(s.Topic, keys), Message: fmt.Sprintf("there is no topic %.60q", s.Topic)}
	}
	return nil
}

type updateBroadcastIn struct {
	ID      string `path:"id" doc:"Id of the broadcast."`
	IfMatch string `header:"If-Match" doc:"The ETag that the broadcast must still have; 412 otherwise."`
	Body    struct {
		Name *string               `json:"name,omitempty" minLength:"1" maxLength:"150"`
		Spec *carpel.BroadcastSpec `json:"spec,omitempty"`
	}
}

func (a *API) updateBroadcast(c *call, in *updateBroadcastIn) (*broadcastOut, error) {
	if in.Body.Spec != nil {
		if err := a.resolveSpec(c, in.Body.Spec); err != nil {
			return nil, under("/spec", err)
		}
	}
	version, err := a.broadcastVersion(c, in.ID, in.IfMatch)
	if err != nil {
		return nil, err
	}
	b, err := a.Records.UpdateBroadcast(c, c.Workspace, in.ID, records.BroadcastEdit{Name: in.Body.Name, Spec: in.Body.Spec, IfVersion: version})
	if err != nil {
		return nil, specFault(err)
	}
	return broadcastAnswer(b, a.audit(c, "broadcast.update", b.ID))
}

// broadcastVersion is the version that If-Match names; zero for any.
func (a *API) broadcastVersion(c *call, id, ifMatch string) (time.Time, error) {
	if ifMatch == "" || ifMatch == "*" {
		return time.Time{}, nil
	}
	b, err := a.Records.Broadcast(c, c.Workspace, id)
	if err != nil {
		return time.Time{}, err
	}
	return ifVersion("broadcast", b.UpdatedAt, ifMatch)
}

type moveBroadcastIn struct {
	ID      string `path:"id" doc:"Id of the broadcast."`
	IfMatch string `header:"If-Match" doc:"The ETag that the broadcast must still have; 412 otherwise."`
}

func (a *API) deleteBroadcast(c *call, in *moveBroadcastIn) (*struct{}, error) {
	version, err := a.broadcastVersion(c, in.ID, in.IfMatch)
	if err != nil {
		return nil, err
	}
	if err := a.Records.DeleteBroadcast(c, c.Workspace, in.ID, version); err != nil {
		return nil, err
	}
	return nil, a.audit(c, "broadcast.delete", in.ID)
}

func (a *API) moveBroadcast(c *call, id, ifMatch string, move carpel.BroadcastMove) (*broadcastOut, error) {
	version, err := a.broadcastVersion(c, id, ifMatch)
	if err != nil {
		return nil, err
	}
	// Edits of segments wait: none goes while a broadcast that needs it is told to start.
	defer a.edits.lock(c.Workspace)()
	if move == carpel.ScheduleBroadcast || move == carpel.SendBroadcast {
		b, err := a.Records.Broadcast(c, c.Workspace, id)
		if err == nil {
			err = a.resolveSpec(c, &b.Spec)
		}
		if err != nil {
			return nil, specFault(err)
		}
	}
	b, err := a.Records.MoveBroadcast(c, c.Workspace, id, records.BroadcastMove{Move: move, IfVersion: version})
	if err != nil {
		return nil, specFault(err)
	}
	a.BroadcastMoved()
	return broadcastAnswer(b, a.audit(c, "broadcast."+string(move), b.ID))
}

type confirmBroadcastIn struct {
	ID      string `path:"id" doc:"Id of the broadcast."`
	IfMatch string `header:"If-Match" doc:"The ETag that the broadcast must still have; 412 otherwise."`
	Body    *struct {
		Confirm int64 `json:"confirm,omitempty" minimum:"0" doc:"How many people would get a message."`
	}
}

// confirmed refuses to write to many people without the number of them: as the review says, but for a little, since people
// come and go.
func (a *API) confirmed(c *call, in *confirmBroadcastIn) error {
	b, err := a.Records.Broadcast(c, c.Workspace, in.ID)
	if err == nil {
		err = b.Spec.CheckReady()
	}
	if err != nil {
		return specFault(err)
	}
	review, err := a.review(c, b, 0)
	if err != nil {
		return err
	}
	n := int64(0)
	if in.Body != nil {
		n = in.Body.Confirm
	}
	if off := max(n-review.Reachable, review.Reachable-n); review.Reachable > carpel.ConfirmPeople && off*20 > review.Reachable {
		return &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/confirm", Limit: carpel.ConfirmPeople, Actual: review.Reachable,
			Message: fmt.Sprintf("%d people would get a message: confirm the number", review.Reachable)}
	}
	return nil
}

func (a *API) review(c *call, b carpel.Broadcast, samples int) (*campaign.Review, error) {
	w, err := a.Records.Workspace(c, c.Workspace)
	if err != nil {
		return nil, err
	}
	review, err := campaign.ReviewBroadcast(c, a.Records, c.Engine, w, b, samples)
	if err != nil {
		return nil, under("/spec/audience", err)
	}
	return review, nil
}

// broadcastTo returns the id of a broadcast that is to go to a segment, or has it as its goal, and has not begun; "" when
// there is none.
func (a *API) broadcastTo(c *call, s Segment) (string, error) {
	all, err := a.Records.BroadcastsAtWork(c)
	if err != nil {
		return "", err
	}
	for _, b := range all {
		if b.Workspace == c.Workspace && b.State != carpel.BroadcastCancelled && b.Stage == carpel.StageNone && refersTo(b.Spec, s) {
			return b.ID, nil
		}
	}
	return "", nil
}

// refersTo reports whether the audience or the goal of a broadcast is of a segment.
func refersTo(spec carpel.BroadcastSpec, segment Segment) bool {
	if spec.Goal != nil && spec.Goal.Segment == segment.ID {
		return true
	}
	audience, err := carpel.ParseCondition(spec.Audience)
	if err != nil {
		return false
	}
	refs := carpel.References(audience)
	return slices.Contains(refs, segment.ID) || slices.Contains(refs, segment.Key)
}
