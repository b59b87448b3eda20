package main

import "github.com/carpel/carpel"

// definition is one question that all contenders answer.
type definition struct {
	Key  string
	What string // the kind of condition
	Text string // in Carpel's text form
}

// segmentKey is the segment that one definition refers to. Carpel keeps its members by itself; the databases keep them
// in a table, filled when they were loaded.
const (
	segmentKey  = "large-customers"
	segmentText = `plan is any of (pro, team, enterprise) and seats >= 100`
)

// definitions are the questions, in the order of the report. The SQL of each database stands in its own file, by key.
var definitions = []definition{
	{"equality", "attribute is", `plan is pro`},
	{"pattern", "text pattern", `email contains "example7.com|example42.com"`},
	{"number", "number between", `mrr between 100 and 500`},
	{"count-window", "count in 7 days", `did "App Opened" at least 5 times in the last 7d`},
	{"filter-window", "property filter in 30 days", `did "Order Completed" in the last 30d where (total > 100)`},
	{"count-3", "3 times in 90 days", `did "Order Completed" at least 3 times in the last 90d`},
	{"sum", "sum in 90 days", `did "Order Completed" with sum of total at least 500 in the last 90d`},
	{"days", "10 different days of 30", `did anything on at least 10 days in the last 30d`},
	{"never", "did not in 90 days", `did "App Opened" exactly 0 times in the last 90d`},
	{"sequence", "one, then another within 7 days", `sequence (did "Checkout Started" then did "Order Completed") within 7d in the last 90d`},
	{"segment", "in a segment, and an event", `in segment large-customers and did "Support Contacted" in the last 30d`},
	{"nested", "all, any, none", `(plan is pro or plan is team) and (country is DE or did "Plan Changed" in the last 90d)
		and not (trial is true or did "Support Contacted" in the last 90d)`},
}

// condition reads a definition's text.
func (d definition) condition() (carpel.Condition, error) { return carpel.ParseText(d.Text) }
