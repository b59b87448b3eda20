package api

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// namedSegment is where a campaign names a segment.
type namedSegment struct {
	pointer string
	ref     *string
	starts  bool
}

// campaignSegments are the segments that a campaign names outside conditions.
func campaignSegments(s *carpel.CampaignSpec) []namedSegment {
	var all []namedSegment
	if s.Trigger.Segment != "" {
		all = append(all, namedSegment{"/trigger/segment", &s.Trigger.Segment, true})
	}
	if s.Goal != nil && s.Goal.Segment != "" {
		all = append(all, namedSegment{"/goal/segment", &s.Goal.Segment, false})
	}
	return all
}

// campaignConditions are the conditions about people that a campaign asks, by pointer.
func campaignConditions(s *carpel.CampaignSpec) map[string]json.RawMessage {
	all := map[string]json.RawMessage{}
	if given(s.Filter) {
		all["/filter"] = s.Filter
	}
	for i, step := range s.Steps {
		for k, b := range step.Branches {
			if given(b.If) {
				all[fmt.Sprintf("/steps/%d/branches/%d/if", i, k)] = b.If
			}
		}
	}
	return all
}

// campaignsOf are the campaigns that are not over and use a segment, by its id or key: to start, as a goal or in a
// condition.
func (a *API) campaignsOf(c *call, id, key string) ([]carpel.Campaign, error) {
	all, err := a.Records.Campaigns(c, c.Workspace)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(one carpel.Campaign) bool {
		return one.State == carpel.CampaignArchived || !usesSegment(&one.Spec, id, key)
	}), nil
}

func usesSegment(s *carpel.CampaignSpec, id, key string) bool {
	for _, named := range campaignSegments(s) {
		if *named.ref == id {
			return true
		}
	}
	for _, raw := range campaignConditions(s) {
		def, err := carpel.ParseCondition(raw)
		if err != nil {
			continue // it was checked when it was saved
		}
		if refs := carpel.References(def); slices.Contains(refs, id) || slices.Contains(refs, key) {
			return true
		}
	}
	return false
}

// campaignImpacts are the campaigns that a change of a segment's definition concerns, with how many people each would
// start for: none, unless it was chosen that a new definition starts it.
func (a *API) campaignImpacts(c *call, segment string, m *engine.Impact) ([]CampaignImpact, error) {
	all, err := a.Records.Campaigns(c, c.Workspace)
	if err != nil {
		return nil, err
	}
	moves := map[string]engine.SegmentImpact{segment: {Join: m.Join, Leave: m.Leave}}
	for _, d := range m.Segments {
		moves[d.ID] = d
	}
	out := []CampaignImpact{}
	for _, one := range all {
		t := one.Spec.Trigger
		d, moved := moves[t.Segment]
		if !moved || one.State != carpel.CampaignLive {
			continue
		}
		n := d.Join
		if t.Kind == carpel.TriggerLeft {
			n = d.Leave
		}
		if !t.Starts(carpel.CauseDefinition) {
			n = 0
		}
		out = append(out, CampaignImpact{ID: one.ID, Name: one.Name, WouldStart: n})
	}
	return out, nil
}
