package demo

import (
	"fmt"

	"github.com/carpel/carpel"
)

// Segments returns segments worth looking at over the made-up company, in an order in which each refers only to those
// before it, or to a default segment. The slice and the conditions are the caller's.
func Segments() ([]carpel.Segment, error) {
	var all []carpel.Segment
	for _, s := range []struct{ name, description, tag, definition string }{
		{"Active trials worth a call", "On a trial, at work, and looking at prices.", "sales",
			`{"all": [{"attribute": "plan", "op": "is", "value": "trial"},
				{"event": "project_created", "count": {"at_least": 3}, "when": {"last": "14d"}},
				{"page": "/pricing*", "when": {"last": "14d"}}]}`},
		{"Trials going cold", "On a trial for a week or more, and gone for a week.", "sales",
			`{"all": [{"attribute": "plan", "op": "is", "value": "trial"},
				{"attribute": "$first_seen_at", "op": "more_than_ago", "value": "7d"},
				{"none": [{"event": "*", "when": {"last": "7d"}}]}]}`},
		{"Signed up, never created a project", "A month old at most, and not yet begun.", "onboarding",
			`{"all": [{"attribute": "$first_seen_at", "op": "within_last", "value": "30d"},
				{"event": "project_created", "count": {"exactly": 0}}]}`},
		{"Invited somebody on the first day", "Signed up, and brought a colleague within a day.", "onboarding",
			`{"sequence": [{"event": "signed_up"}, {"event": "member_invited"}], "within": "1d"}`},
		{"Paying customers in Europe", "", "customers",
			`{"all": [{"attribute": "plan", "op": "is_any_of", "value": ["team", "pro", "enterprise"]},
				{"attribute": "country", "op": "is_any_of", "value": ["DE", "GB", "FR", "ES", "NL", "SE"]}]}`},
		{"Big spenders", "Orders for 1,000 dollars or more within 90 days.", "customers",
			`{"event": "Order Completed", "sum": {"of": "total", "at_least": 1000}, "when": {"last": "90d"}}`},
		{"Stopped creating projects", "Five projects or more until two weeks ago, and none since.", "retention",
			`{"all": [{"event": "project_created", "count": {"at_least": 5}, "when": {"between": ["60d", "14d"]}},
				{"event": "project_created", "count": {"exactly": 0}, "when": {"last": "14d"}}]}`},
		{"Came by every week", "In each of the last four weeks.", "retention",
			`{"event": "*", "regularly": {"period": "7d", "of_last": 4, "times": 1, "at_least": 4}}`},
		{"Looked at billing and did not order", "Within three days.", "retention",
			`{"sequence": [{"page": "/settings/billing"}, {"not": {"event": "Order Completed"}}], "within": "3d", "when": {"last": "30d"}}`},
		{"Clicked in the last newsletter", "", "messages",
			`{"message": "email", "action": "clicked", "campaign": "newsletter-12"}`},
		{"On an old app", "A phone with a version before 5.", "product",
			`{"device": "mobile", "where": [{"property": "app_version", "op": "starts_with", "value": "4."}]}`},
		{"Ready for a larger plan", "Power users of a team of 20 or more.", "sales",
			`{"all": [{"segment": "power-users"}, {"attribute": "plan", "op": "is", "value": "team"}, {"attribute": "seats", "op": "at_least", "value": 20}]}`},
	} {
		c, err := carpel.ParseCondition([]byte(s.definition))
		if err != nil {
			return nil, fmt.Errorf("segment %q of the demo: %w", s.name, err)
		}
		all = append(all, carpel.Segment{Name: s.name, Description: s.description, Tags: []string{"demo", s.tag}, Kind: carpel.Dynamic, Definition: c})
	}
	return append(all, carpel.Segment{Name: "Beta testers", Description: "People put in by hand.", Tags: []string{"demo"}, Kind: carpel.Manual}), nil
}
