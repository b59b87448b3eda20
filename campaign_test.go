package carpel

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A campaign that says everything there is to say is valid, and comes back from JSON as it was.
const wholeCampaign = `{
	"trigger": {"kind": "event", "event": "Cart Updated", "where": [{"property": "total", "op": "greater_than", "value": 50}], "causes": ["import"]},
	"filter": {"attribute": "plan", "op": "is", "value": "pro"},
	"steps": [
		{"id": "pause", "kind": "wait_until", "event": "Order Completed", "where": [{"property": "total", "op": "exists"}], "timeout": "4h", "else": "split", "next": "out"},
		{"id": "split", "kind": "branch", "branches": [{"percent": 33.3, "next": "mail"}, {"percent": 66.7, "next": "morning"}]},
		{"id": "morning", "kind": "wait_until", "weekdays": ["mon", "tue"], "at": "09:00", "next": "mail"},
		{"id": "mail", "kind": "send", "template": "tpl_1", "everyone": true, "next": "which"},
		{"id": "which", "kind": "branch", "branches": [{"if": {"segment": "vip"}, "next": "call"}], "else": "again"},
		{"id": "call", "kind": "webhook", "webhook": {"method": "POST", "url": "https://example.com/{{ customer.id }}"}, "next": "mark"},
		{"id": "mark", "kind": "update", "attributes": {"reminded": true, "score": 1.5, "old": null}},
		{"id": "again", "kind": "wait", "for": "7d", "next": "mail"},
		{"id": "out", "kind": "exit"}
	],
	"reentry": {"rule": "after_exit", "wait": "30d"},
	"exit": "goal",
	"goal": {"event": "Order Completed", "within": "7d", "of": "clicked"},
	"topic": "offers",
	"mode": "at_least_once"
}`

func TestCampaignRoundTrip(t *testing.T) {
	var s, again CampaignSpec
	if err := json.Unmarshal([]byte(wholeCampaign), &s); err != nil {
		t.Fatal(err)
	}
	if found, err := s.Check(); err != nil || len(found) > 0 {
		t.Fatalf("%v, %v", found, err)
	}
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &again); err != nil {
		t.Fatal(err)
	}
	b2, err := json.Marshal(again)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(b), string(b2)); d != "" {
		t.Error(d)
	}
	var want, have any
	if err := errors.Join(json.Unmarshal([]byte(wholeCampaign), &want), json.Unmarshal(b, &have)); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, have); d != "" {
		t.Error(d)
	}
}

// Every fault is named with its place.
func TestCampaignFaults(t *testing.T) {
	for _, c := range []struct{ name, old, new, pointer, code string }{
		{"a step that is not there", `"next": "out"`, `"next": "outt"`, "/steps/0/next", CodeNotFound},
		{"no steps behind a timeout", `"else": "split"`, `"else": "spilt"`, "/steps/0/else", CodeNotFound},
		{"a circle without a wait", `"else": "again"`, `"else": "mail"`, "/steps/3", CodeCycle},
		{"two steps of one id", `"id": "out"`, `"id": "mail"`, "/steps/8/id", CodeInvalid},
		{"an id with blanks", `"id": "out"`, `"id": "o ut"`, "/steps/8/id", CodeInvalid},
		{"an unknown kind", `"kind": "exit"`, `"kind": "exits"`, "/steps/8/kind", CodeInvalid},
		{"something of another kind", `"kind": "exit"`, `"kind": "exit", "template": "x"`, "/steps/8/template", CodeInvalid},
		{"something behind an exit", `"kind": "exit"`, `"kind": "exit", "next": "mail"`, "/steps/8/next", CodeInvalid},
		{"shares that are not 100", "66.7", "60", "/steps/1/branches", CodeInvalid},
		{"a share below nothing", "66.7", "-66.7", "/steps/1/branches/1/percent", CodeInvalid},
		{"a share beside a condition", `{"segment": "vip"}, "next"`, `{"segment": "vip"}, "percent": 5, "next"`, "/steps/4/branches/0", CodeInvalid},
		{"a bad condition of a branch", `{"segment": "vip"}`, `{"segmnt": "vip"}`, "/steps/4/branches/0/if/segmnt", CodeUnknownKey},
		{"a bad filter", `"op": "is", "value": "pro"`, `"op": "iss", "value": "pro"`, "/filter/op", CodeUnknownKey},
		{"a bad where", `"op": "greater_than", "value": 50`, `"op": "greater_than", "value": "x"`, "/trigger/where/0/value", CodeInvalid},
		{"a cause that starts it anyway", `"causes": ["import"]`, `"causes": ["data"]`, "/trigger/causes/0", CodeInvalid},
		{"any event", `"event": "Cart Updated"`, `"event": "*"`, "/trigger/event", CodeInvalid},
		{"no duration", `"for": "7d"`, `"for": "7 days"`, "/steps/7/for", CodeInvalid},
		{"no weekday", `"tue"`, `"tues"`, "/steps/2/weekdays/1", CodeInvalid},
		{"no time of day", `"09:00"`, `"9:00"`, "/steps/2/at", CodeInvalid},
		{"hour 24", `"09:00"`, `"24:00"`, "/steps/2/at", CodeInvalid},
		{"no longest wait", `"timeout": "4h", `, ``, "/steps/0/timeout", CodeInvalid},
		{"an attribute that is ours", `"reminded"`, `"$last_seen_at"`, "/steps/6/attributes/$last_seen_at", CodeReserved},
		{"unsubscribing people", `"reminded"`, `"unsubscribed"`, "/steps/6/attributes/unsubscribed", CodeInvalid},
		{"a goal too late", `"within": "7d"`, `"within": "91d"`, "/goal/within", CodeLimit},
		{"an exit on no match of an event", `"exit": "goal"`, `"exit": "unmatched"`, "/exit", CodeInvalid},
		{"current members of an event", `"exit": "goal"`, `"exit": "goal", "members": "current"`, "/members", CodeInvalid},
		{"a wait for who may not come again", `"rule": "after_exit"`, `"rule": "never"`, "/reentry/wait", CodeInvalid},
		{"a segment beside an event", `"kind": "event", `, `"kind": "event", "segment": "x", `, "/trigger/segment", CodeInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(wholeCampaign, c.old) {
				t.Fatal("the test changes nothing")
			}
			var s CampaignSpec
			if err := json.Unmarshal([]byte(strings.Replace(wholeCampaign, c.old, c.new, 1)), &s); err != nil {
				t.Fatal(err)
			}
			_, err := s.Check()
			var e *Error
			if !errors.As(err, &e) || e.Pointer != c.pointer || e.Code != c.code {
				t.Errorf("%v (%s)", err, ErrorCode(err))
			}
		})
	}
}

func TestCampaignUnreachable(t *testing.T) {
	s := CampaignSpec{Trigger: CampaignTrigger{Kind: TriggerAPI}, Steps: []CampaignStep{{ID: "a", Kind: StepWait, For: "1d"}, {ID: "b", Kind: StepExit}}}
	found, err := s.Check()
	if d := cmp.Diff([]Finding{{Code: "unreachable", Pointer: "/steps/1", Message: `Nobody comes to the step "b".`}}, found); d != "" || err != nil {
		t.Error(d, err)
	}
	s.Steps = make([]CampaignStep, MaxCampaignSteps+1)
	if _, err := s.Check(); ErrorCode(err) != CodeLimit {
		t.Error(err)
	}
}
