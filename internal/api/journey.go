package api

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/campaign"
	"github.com/carpel/carpel/internal/records"
)

func (a *API) registerJourneys(tag string) {
	routeRecords(a, operation{Method: http.MethodGet, Path: "/api/campaigns/{id}/counts", Scope: records.ScopeRead, ID: "countCampaign", Tag: tag,
		Summary: "How many people are at each step"}, a.countCampaign)
	route(a, operation{Method: http.MethodGet, Path: "/api/campaigns/{id}/journeys", Scope: records.ScopeRead, ID: "listJourneys", Tag: tag,
		Summary: "List journeys through a campaign, newest first"}, a.listJourneys)
	route(a, operation{Method: http.MethodGet, Path: "/api/campaigns/{id}/journeys/{journey}", Scope: records.ScopeRead, ID: "getJourney", Tag: tag,
		Summary: "Read a journey and where it went"}, a.getJourney)
	routeRecords(a, operation{Method: http.MethodPost, Path: "/api/campaigns/{id}/move", Scope: records.ScopeSend, ID: "moveCampaign", Tag: tag,
		Summary: "Put people under way onto the newest version", Description: "Those who stand at a step that it has; the others finish on theirs."}, a.moveCampaign)
	route(a, operation{Method: http.MethodPost, Path: "/api/campaigns/{id}/trigger", Scope: records.ScopeSend, ID: "triggerCampaign", Tag: tag,
		Summary: "Begin a campaign for people", Description: "Its filter and its rule of re-entry hold. The same id begins it once for a person."}, a.triggerCampaign)
}

// CampaignCounts is how many people are where in a campaign.
type CampaignCounts struct {
	Started   int64            `json:"started"`
	Active    int64            `json:"active"`
	Done      int64            `json:"done"`
	Exited    int64            `json:"exited"`
	Converted int64            `json:"converted"`
	Exits     map[string]int64 `json:"exits" doc:"Of those who were taken out, by the reason."`
	Steps     []StepCount      `json:"steps" doc:"In the order of the newest version, then those of earlier ones. The step without an id is before the first."`
}

// StepCount is how many people are at a step, or ended there.
type StepCount struct {
	Step   string `json:"step"`
	Active int64  `json:"active"`
	Done   int64  `json:"done"`
	Exited int64  `json:"exited"`
}

type campaignCountsOut struct{ Body CampaignCounts }

func (a *API) countCampaign(c *call, in *campaignPath) (*campaignCountsOut, error) {
	one, err := a.Records.Campaign(c, c.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	all, converted, err := a.Records.CountJourneys(c, c.Workspace, one.ID)
	if err != nil {
		return nil, err
	}
	out := &campaignCountsOut{CampaignCounts{Converted: converted, Exits: map[string]int64{}, Steps: []StepCount{}}}
	at := map[string]int{}
	step := func(id string) *StepCount {
		i, ok := at[id]
		if !ok {
			i = len(out.Body.Steps)
			at[id] = i
			out.Body.Steps = append(out.Body.Steps, StepCount{Step: id})
		}
		return &out.Body.Steps[i]
	}
	for _, s := range one.Spec.Steps {
		step(s.ID)
	}
	for _, n := range all {
		s := step(n.Step)
		out.Body.Started += n.N
		switch n.State {
		case carpel.JourneyActive:
			s.Active, out.Body.Active = s.Active+n.N, out.Body.Active+n.N
		case carpel.JourneyDone:
			s.Done, out.Body.Done = s.Done+n.N, out.Body.Done+n.N
		default:
			s.Exited, out.Body.Exited = s.Exited+n.N, out.Body.Exited+n.N
			out.Body.Exits[n.Reason] += n.N
		}
	}
	return out, nil
}

type listJourneysIn struct {
	ID     string              `path:"id" doc:"Id of the campaign."`
	State  carpel.JourneyState `query:"state" enum:"active,done,exited"`
	Step   string              `query:"step" doc:"Where they are, or were when they ended."`
	Person string              `query:"person" doc:"A key (p_…), id:<user id>, email:<address>, or a bare user id or email."`
	Limit  int                 `query:"limit" default:"100" minimum:"1" maximum:"1000"`
	After  string              `query:"after" doc:"Opaque: the next of the answer before."`
}

// Journey is a journey as the API shows it.
type Journey struct {
	carpel.Journey
	UserID string `json:"user_id" doc:"Of the person; empty for none."`
	Email  string `json:"email"`
}

type listJourneysOut struct {
	Body struct {
		Journeys []Journey `json:"journeys"`
		Next     string    `json:"next" doc:"Empty at the end."`
	}
}

func (a *API) listJourneys(c *call, in *listJourneysIn) (*listJourneysOut, error) {
	one, err := a.Records.Campaign(c, c.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	f := records.JourneyFilter{Campaign: one.ID, State: in.State, Step: in.Step, Limit: in.Limit}
	if in.Person != "" {
		ref, err := a.personRef(c, in.Person)
		if err != nil {
			return nil, err
		}
		p, err := c.Engine.Person(c, ref)
		if err != nil {
			return nil, err
		}
		f.Person = p.Key
	}
	if in.After != "" {
		start, id, _ := strings.Cut(in.After, ".")
		at, err := strconv.ParseInt(start, 36, 64)
		if err != nil || id == "" {
			return nil, &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/after", Message: "after is a cursor from an earlier answer"}
		}
		f.AfterStart, f.AfterID = carpel.Millis(at), id
	}
	all, err := a.Records.Journeys(c, c.Workspace, f)
	if err != nil {
		return nil, err
	}
	out := &listJourneysOut{}
	out.Body.Journeys = []Journey{}
	for _, j := range all {
		shown, err := showJourney(c, j)
		if err != nil {
			return nil, err
		}
		shown.Data = nil // in the one journey
		out.Body.Journeys = append(out.Body.Journeys, shown)
	}
	if n := len(all); n == in.Limit {
		out.Body.Next = strconv.FormatInt(int64(all[n-1].StartedAt), 36) + "." + all[n-1].ID
	}
	return out, nil
}

// showJourney adds who it is that goes.
func showJourney(c *call, j carpel.Journey) (Journey, error) {
	p, err := c.Engine.Person(c, carpel.PersonRef{Key: j.Person})
	if carpel.ErrorCode(err) == carpel.CodeNotFound {
		return Journey{Journey: j}, nil // erased a moment ago
	}
	if err != nil {
		return Journey{}, err
	}
	return Journey{j, p.UserID, p.Email}, nil
}

type journeyPathIn struct {
	ID      string `path:"id" doc:"Id of the campaign."`
	Journey string `path:"journey" doc:"Id of the journey."`
}

type journeyOut struct {
	Body struct {
		Journey
		Path []carpel.PathEntry `json:"path" doc:"Where it went, from the start; the entry without a step is its end."`
	}
}

func (a *API) getJourney(c *call, in *journeyPathIn) (*journeyOut, error) {
	j, err := a.Records.Journey(c, c.Workspace, in.Journey)
	if err == nil && j.Campaign != in.ID {
		err = carpel.Errorf(carpel.CodeNotFound, "there is no journey %.60q in this campaign", in.Journey)
	}
	if err != nil {
		return nil, err
	}
	out := &journeyOut{}
	if out.Body.Journey, err = showJourney(c, j); err != nil {
		return nil, err
	}
	out.Body.Path, err = a.Records.JourneyPath(c, c.Workspace, j.ID)
	return out, err
}

type movedOut struct {
	Body struct {
		Moved int64 `json:"moved"`
	}
}

func (a *API) moveCampaign(c *call, in *campaignPath) (*movedOut, error) {
	defer a.edits.lock(c.Workspace)()
	one, err := a.Records.Campaign(c, c.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	steps := make([]string, len(one.Spec.Steps))
	for i, s := range one.Spec.Steps {
		steps[i] = s.ID
	}
	out := &movedOut{}
	err = a.Campaigns.Between(c.Workspace, func() (err error) {
		out.Body.Moved, err = a.Records.MoveJourneys(c, c.Workspace, one.ID, one.Version, steps)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, a.auditDetail(c, "campaign.move", one.ID, detail{"version": one.Version, "people": out.Body.Moved})
}

type triggerCampaignIn struct {
	ID   string `path:"id" doc:"Id of the campaign."`
	Body struct {
		People []string        `json:"people" minItems:"1" maxItems:"10000" doc:"Keys (p_…), id:<user id>, email:<address>, or bare user ids or emails."`
		Data   json.RawMessage `json:"data,omitempty" doc:"A JSON object: the variable trigger of its messages."`
		ID     string          `json:"id,omitempty" maxLength:"200" doc:"Names this call: the same begins the campaign once for a person. Left out: every call is another."`
	}
}

type triggeredOut struct {
	Body struct {
		Started int      `json:"started" doc:"For how many it began: the others may not begin now."`
		Unknown []string `json:"unknown" doc:"Who is nobody."`
	}
}

// maxTriggerData bounds the data of one call.
const maxTriggerData = 50_000

func (a *API) triggerCampaign(c *call, in *triggerCampaignIn) (*triggeredOut, error) {
	one, err := a.Records.Campaign(c, c.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	if one.Spec.Trigger.Kind != carpel.TriggerAPI {
		return nil, carpel.Errorf(carpel.CodeConflict, "the campaign starts by %s, not by calls", one.Spec.Trigger.Kind)
	}
	data, err := triggerData(in.Body.Data)
	if err != nil {
		return nil, err
	}
	occurrence := in.Body.ID
	if occurrence == "" {
		occurrence = records.NewOccurrence()
	}
	out := &triggeredOut{}
	out.Body.Unknown = []string{}
	var people []campaign.Beginning
	for _, who := range in.Body.People {
		ref, err := a.personRef(c, who)
		if err == nil {
			var p *carpel.Person
			if p, err = c.Engine.Person(c, ref); err == nil {
				people = append(people, campaign.Beginning{Person: p.Key, Occurrence: "call:" + occurrence, Data: data})
				continue
			}
		}
		if carpel.ErrorCode(err) != carpel.CodeNotFound {
			return nil, err
		}
		out.Body.Unknown = append(out.Body.Unknown, who)
	}
	if out.Body.Started, err = a.Campaigns.Trigger(c, c.Workspace, one.ID, people); err != nil {
		return nil, err
	}
	return out, a.auditDetail(c, "campaign.trigger", one.ID, detail{"people": out.Body.Started})
}

// triggerData puts the data of a call where templates find it.
func triggerData(raw json.RawMessage) (json.RawMessage, error) {
	if !given(raw) {
		return nil, nil
	}
	if len(raw) > maxTriggerData {
		return nil, &carpel.Error{Code: carpel.CodeLimit, Pointer: "/data", Limit: maxTriggerData, Actual: int64(len(raw)), Message: carpel.TooLarge("the data", int64(len(raw)), maxTriggerData)}
	}
	var object map[string]any
	if err := json.Unmarshal(raw, &object); err != nil {
		return nil, &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/data", Message: "data is a JSON object"}
	}
	return json.Marshal(map[string]any{"trigger": object})
}
