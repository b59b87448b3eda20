package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

// Campaign is a campaign as the API shows it.
type Campaign struct {
	carpel.Campaign
	LiveSince carpel.Millis    `json:"live_since" doc:"Since it was last started or resumed: what happened before starts nobody. Null for a draft."`
	Lost      carpel.Millis    `json:"lost_at" doc:"When what starts and ends journeys was last missed; null for never."`
	Warnings  []carpel.Finding `json:"warnings" doc:"What its writer may not mean: steps that nobody comes to."`
}

// campaignOut is an answer of one campaign; ETag is what If-Match takes.
type campaignOut struct {
	ETag string `header:"ETag"`
	Body Campaign
}

func showCampaign(c carpel.Campaign) Campaign {
	found, _ := c.Spec.Check() // it was checked when it was saved
	out := Campaign{Campaign: c, LiveSince: c.LiveSince, Lost: c.LostAt, Warnings: orEmpty(found)}
	for _, at := range []*carpel.Millis{&out.LiveSince, &out.Lost} {
		if *at == 0 {
			*at = carpel.Never
		}
	}
	return out
}

func campaignAnswer(c carpel.Campaign, err error) (*campaignOut, error) {
	if err != nil {
		return nil, err
	}
	return &campaignOut{ETag: etag(c.UpdatedAt), Body: showCampaign(c)}, nil
}

type campaignPath struct {
	ID string `path:"id" doc:"Id of the campaign."`
}

func (a *API) registerCampaigns() {
	const tag = "Campaigns"
	routeRecords(a, operation{Method: http.MethodGet, Path: "/api/campaigns", Scope: records.ScopeRead, ID: "listCampaigns", Tag: tag, Summary: "List campaigns, newest first"}, a.listCampaigns)
	route(a, operation{Method: http.MethodPost, Path: "/api/campaigns", Scope: records.ScopeWrite, ID: "createCampaign", Tag: tag, Status: http.StatusCreated,
		Summary: "Create a campaign, as a draft"}, a.createCampaign)
	routeRecords(a, operation{Method: http.MethodGet, Path: "/api/campaigns/{id}", Scope: records.ScopeRead, ID: "getCampaign", Tag: tag,
		Summary: "Read a campaign"}, func(c *call, in *campaignPath) (*campaignOut, error) {
		return campaignAnswer(a.Records.Campaign(c, c.Workspace, in.ID))
	})
	route(a, operation{Method: http.MethodPut, Path: "/api/campaigns/{id}", Scope: records.ScopeWrite, ID: "updateCampaign", Tag: tag, Errors: []int{http.StatusPreconditionFailed},
		Summary: "Change a campaign", Description: "Fields left out stay. Of one that has begun, a spec that differs makes a version, and takes the scope send; people under way finish on theirs unless moved."}, a.updateCampaign)
	routeRecords(a, operation{Method: http.MethodDelete, Path: "/api/campaigns/{id}", Scope: records.ScopeWrite, ID: "deleteCampaign", Tag: tag, Errors: []int{http.StatusPreconditionFailed},
		Summary: "Delete a draft"}, a.deleteCampaign)
	routeRecords(a, operation{Method: http.MethodGet, Path: "/api/campaigns/{id}/versions", Scope: records.ScopeRead, ID: "listCampaignVersions", Tag: tag,
		Summary: "What a campaign was, newest first"}, a.listCampaignVersions)
	for _, t := range []struct {
		verb, summary string
		from          []carpel.CampaignState
		to            carpel.CampaignState
	}{
		{"start", "Let a campaign begin: from now on it starts for people", []carpel.CampaignState{carpel.CampaignDraft}, carpel.CampaignLive},
		{"pause", "Hold a campaign: nobody moves, and nobody starts, then or later. Who stops fitting, or reaches the goal, ends all the same", []carpel.CampaignState{carpel.CampaignLive}, carpel.CampaignPaused},
		{"resume", "Go on with a paused campaign: who is due moves at once", []carpel.CampaignState{carpel.CampaignPaused}, carpel.CampaignLive},
		{"archive", "End a campaign for good: everybody under way is taken out", []carpel.CampaignState{carpel.CampaignDraft, carpel.CampaignLive, carpel.CampaignPaused}, carpel.CampaignArchived},
	} {
		route(a, operation{Method: http.MethodPost, Path: "/api/campaigns/{id}/" + t.verb, Scope: records.ScopeSend, ID: t.verb + "Campaign", Tag: tag, Summary: t.summary},
			func(c *call, in *campaignPath) (*campaignOut, error) {
				defer a.edits.lock(c.Workspace)()
				return campaignAnswer(a.turnCampaign(c, in.ID, t.verb, t.from, t.to))
			})
	}
	a.registerJourneys(tag)
}

// turnCampaign brings a campaign from one state to another.
func (a *API) turnCampaign(c *call, id, verb string, from []carpel.CampaignState, to carpel.CampaignState) (carpel.Campaign, error) {
	one, err := a.Records.Campaign(c, c.Workspace, id)
	if err != nil {
		return one, err
	}
	if !slices.Contains(from, one.State) {
		return one, carpel.Errorf(carpel.CodeConflict, "the campaign is %s", one.State)
	}
	if to == carpel.CampaignLive {
		if err := a.checkCampaign(c, &one.Spec); err != nil {
			return one, err
		}
		if err := a.Campaigns.Prepare(c, c.Workspace, one.Spec); err != nil {
			return one, err
		}
	}
	err = a.Campaigns.Between(c.Workspace, func() (err error) {
		if one, err = a.Records.UpdateCampaign(c, c.Workspace, c.Who, id, records.CampaignEdit{State: to}); err == nil && to == carpel.CampaignArchived {
			_, err = a.Records.EndJourneys(c, c.Workspace, id, carpel.ExitedArchived)
		}
		return err
	})
	if err != nil {
		return one, err
	}
	if to == carpel.CampaignArchived && one.Spec.Trigger.Kind == carpel.TriggerDate {
		if err := drop(c, id); err != nil {
			return one, err
		}
	}
	return one, a.audit(c, "campaign."+verb, id)
}

type listCampaignsIn struct {
	Search string               `query:"search" doc:"Part of the name."`
	State  carpel.CampaignState `query:"state" enum:"draft,live,paused,archived" doc:"Archived campaigns are listed only when asked for."`
	Limit  int                  `query:"limit" default:"100" minimum:"1" maximum:"1000"`
	After  string               `query:"after" doc:"Opaque: the next of the answer before."`
}

type listCampaignsOut struct {
	Body struct {
		Campaigns []Campaign `json:"campaigns"`
		Next      string     `json:"next" doc:"Empty at the end."`
	}
}

func (a *API) listCampaigns(c *call, in *listCampaignsIn) (*listCampaignsOut, error) {
	all, err := a.Records.Campaigns(c, c.Workspace)
	if err != nil {
		return nil, err
	}
	out := &listCampaignsOut{}
	out.Body.Campaigns = []Campaign{}
	search, started := carpel.Fold(in.Search), in.After == ""
	for _, one := range all {
		if !started {
			started = one.ID == in.After
			continue
		}
		if in.State == "" && one.State == carpel.CampaignArchived || in.State != "" && in.State != one.State || !strings.Contains(carpel.Fold(one.Name), search) {
			continue
		}
		if len(out.Body.Campaigns) == in.Limit {
			out.Body.Next = out.Body.Campaigns[in.Limit-1].ID
			break
		}
		out.Body.Campaigns = append(out.Body.Campaigns, showCampaign(one))
	}
	if !started {
		return nil, carpel.Errorf(carpel.CodeGone, "the cursor's campaign is gone; list again from the start")
	}
	return out, nil
}

type createCampaignIn struct {
	Body struct {
		Name string              `json:"name" minLength:"1" maxLength:"150"`
		Spec carpel.CampaignSpec `json:"spec"`
	}
}

func (a *API) createCampaign(c *call, in *createCampaignIn) (*campaignOut, error) {
	defer a.edits.lock(c.Workspace)()
	if err := a.checkCampaign(c, &in.Body.Spec); err != nil {
		return nil, err
	}
	one, err := a.Records.CreateCampaign(c, c.Workspace, c.Who, carpel.Campaign{Name: in.Body.Name, Spec: in.Body.Spec})
	if err != nil {
		return nil, err
	}
	return campaignAnswer(one, a.audit(c, "campaign.create", one.ID))
}

type updateCampaignIn struct {
	ID      string `path:"id" doc:"Id of the campaign."`
	IfMatch string `header:"If-Match" doc:"The ETag that the campaign must still have; 412 otherwise."`
	Body    struct {
		Name *string              `json:"name,omitempty" minLength:"1" maxLength:"150"`
		Spec *carpel.CampaignSpec `json:"spec,omitempty"`
	}
}

func (a *API) updateCampaign(c *call, in *updateCampaignIn) (*campaignOut, error) {
	defer a.edits.lock(c.Workspace)()
	one, err := a.Records.Campaign(c, c.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	edit := records.CampaignEdit{Name: in.Body.Name, Spec: in.Body.Spec}
	if edit.IfVersion, err = ifVersion("campaign", one.UpdatedAt, in.IfMatch); err != nil {
		return nil, err
	}
	if edit.Spec != nil {
		if err := a.checkCampaign(c, edit.Spec); err != nil {
			return nil, err
		}
		if one.State != carpel.CampaignDraft {
			if !c.session.may(records.ScopeSend) {
				return nil, carpel.Errorf(carpel.CodeForbidden, "a campaign that has begun is changed by those who may send")
			}
			if err := a.Campaigns.Prepare(c, c.Workspace, *edit.Spec); err != nil {
				return nil, err
			}
		}
	}
	err = a.Campaigns.Between(c.Workspace, func() (err error) {
		one, err = a.Records.UpdateCampaign(c, c.Workspace, c.Who, in.ID, edit)
		return err
	})
	if err != nil {
		return nil, err
	}
	return campaignAnswer(one, a.auditDetail(c, "campaign.update", one.ID, detail{"version": one.Version}))
}

type deleteCampaignIn struct {
	ID      string `path:"id" doc:"Id of the campaign."`
	IfMatch string `header:"If-Match" doc:"The ETag that the campaign must still have; 412 otherwise."`
}

func (a *API) deleteCampaign(c *call, in *deleteCampaignIn) (*struct{}, error) {
	one, err := a.Records.Campaign(c, c.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	version, err := ifVersion("campaign", one.UpdatedAt, in.IfMatch)
	if err != nil {
		return nil, err
	}
	if err := a.Records.DeleteCampaign(c, c.Workspace, one.ID, version); err != nil {
		return nil, err
	}
	return nil, a.audit(c, "campaign.delete", one.ID)
}

type campaignVersionsOut struct {
	Body struct {
		Versions []carpel.CampaignVersion `json:"versions"`
	}
}

func (a *API) listCampaignVersions(c *call, in *campaignPath) (*campaignVersionsOut, error) {
	if _, err := a.Records.Campaign(c, c.Workspace, in.ID); err != nil {
		return nil, err
	}
	all, err := a.Records.CampaignVersions(c, c.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	out := &campaignVersionsOut{}
	out.Body.Versions = all
	return out, nil
}

// checkCampaign refuses a spec that no campaign may have, or that refers to what is not there, and names segments by id.
func (a *API) checkCampaign(c *call, s *carpel.CampaignSpec) error {
	if _, err := s.Check(); err != nil {
		return under("/spec", err)
	}
	for _, named := range campaignSegments(s) {
		one, err := a.Records.Segment(c, c.Workspace, *named.ref)
		if err != nil {
			return under("/spec"+named.pointer, err)
		}
		if one.State == carpel.StateArchived {
			return &carpel.Error{Code: carpel.CodeConflict, Pointer: "/spec" + named.pointer, Message: fmt.Sprintf("the segment %s is archived", one.Key)}
		}
		if named.starts && byMachines(one.Definition) {
			return &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/spec" + named.pointer,
				Message: fmt.Sprintf("the segment %s counts opens and clicks by machines: those start no campaign", one.Key)}
		}
		*named.ref = one.ID
	}
	for pointer, raw := range campaignConditions(s) {
		def, err := parseDefinition("spec"+pointer, raw)
		if err != nil {
			return err
		}
		if err := a.checkReferences(c, "spec"+pointer, def); err != nil {
			return err
		}
	}
	for i := range s.Steps {
		if s.Steps[i].Kind != carpel.StepSend {
			continue
		}
		t, err := a.Records.Template(c, c.Workspace, s.Steps[i].Template)
		if err != nil {
			return under(fmt.Sprintf("/spec/steps/%d/template", i), err)
		}
		s.Steps[i].Template = t.ID
	}
	return a.checkTopic(c, s.Topic)
}

func (a *API) checkTopic(c *call, topic string) error {
	if topic == "" {
		return nil
	}
	sending, err := a.Records.Sending(c, c.Workspace)
	if err != nil {
		return err
	}
	var keys []string
	for _, t := range sending.Topics {
		keys = append(keys, t.Key)
	}
	if !slices.Contains(keys, topic) {
		return &carpel.Error{Code: carpel.CodeNotFound, Pointer: "/spec/topic", Suggestion: carpel.Nearest(topic, keys), Message: fmt.Sprintf("there is no topic %.60q", topic)}
	}
	return nil
}

// byMachines reports whether a definition counts what machines did to messages.
func byMachines(def carpel.Condition) bool {
	found := false
	carpel.Walk(def, func(_ string, n carpel.Condition) bool {
		activity, ok := n.(*carpel.Activity)
		found = found || ok && activity.Machine
		return !found
	})
	return found
}
