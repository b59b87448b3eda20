package carpel

import (
	"strings"
	"testing"
)

// a test of an attribute, in short: sentences and text forms of every operator.
var operatorSentences = []struct{ rest, sentence, text string }{
	{`"op":"is","value":"pro"`, `plan is pro`, `plan is pro`},
	{`"op":"is","value":"team plan"`, `plan is team plan`, `plan is "team plan"`},
	{`"op":"is","value":"42"`, `plan is "42"`, `plan is "42"`},
	{`"op":"is","value":42`, `plan is 42`, `plan is 42`},
	{`"op":"is","value":true`, `plan is "true"`, `plan is true`},
	{`"op":"is","value":"true"`, `plan is "true"`, `plan is "true"`},
	{`"op":"is","value":""`, `plan is ""`, `plan is ""`},
	{`"op":"is","value":"a, b"`, `plan is "a, b"`, `plan is "a, b"`},
	{`"op":"is","value":"Zoë"`, `plan is Zoë`, `plan is Zoë`},
	{`"op":"is","value":"ana@acme.com"`, `plan is ana@acme.com`, `plan is ana@acme.com`},
	{`"op":"is","value":"and"`, `plan is and`, `plan is "and"`},
	{`"op":"is","value":"pro","match_case":true`, `plan is pro (case matters)`, `plan is pro match case`},
	{`"op":"is_not","value":"pro"`, `plan is not pro`, `plan is not pro`},
	{`"op":"is_any_of","value":["pro"]`, `plan is pro`, `plan is any of (pro)`},
	{`"op":"is_any_of","value":["trial","team"]`, `plan is trial or team`, `plan is any of (trial, team)`},
	{`"op":"is_any_of","value":["a","b",3]`, `plan is a, b or 3`, `plan is any of ("a", b, 3)`},
	{`"op":"is_none_of","value":["a"]`, `plan is not a`, `plan is none of ("a")`},
	{`"op":"is_none_of","value":["a","b"]`, `plan is neither a nor b`, `plan is none of ("a", b)`},
	{`"op":"contains","value":"gmail.com|yahoo.com"`, `plan contains gmail.com or yahoo.com`, `plan contains "gmail.com|yahoo.com"`},
	{`"op":"contains","value":"Zoë|é\\|ü"`, `plan contains Zoë or é\|ü`, `plan contains "Zoë|é\\|ü"`},
	{`"op":"does_not_contain","value":"x"`, `plan does not contain x`, `plan does not contain x`},
	{`"op":"starts_with","value":"ab"`, `plan starts with ab`, `plan starts with ab`},
	{`"op":"ends_with","value":"ab"`, `plan ends with ab`, `plan ends with ab`},
	{`"op":"does_not_start_with","value":"ab"`, `plan does not start with ab`, `plan does not start with ab`},
	{`"op":"does_not_end_with","value":"ab"`, `plan does not end with ab`, `plan does not end with ab`},
	{`"op":"matches","value":"^a+$"`, `plan matches the expression ^a+$`, `plan matches "^a+$"`},
	{`"op":"does_not_match","value":"^a"`, `plan does not match the expression ^a`, `plan does not match "^a"`},
	{`"op":"greater_than","value":100`, `plan is greater than 100`, `plan > 100`},
	{`"op":"less_than","value":-1.5`, `plan is less than -1.5`, `plan < -1.5`},
	{`"op":"at_least","value":1e3`, `plan is at least 1000`, `plan >= 1000`},
	{`"op":"at_most","value":9007199254740993`, `plan is at most 9007199254740993`, `plan <= 9007199254740993`},
	{`"op":"between","value":[1,2]`, `plan is between 1 and 2`, `plan between 1 and 2`},
	{`"op":"exists"`, `plan is set`, `plan exists`},
	{`"op":"does_not_exist"`, `plan is not set`, `plan does not exist`},
	{`"op":"is_true"`, `plan is true`, `plan is_true`},
	{`"op":"is_false"`, `plan is false`, `plan is_false`},
	{`"op":"before","value":"2026-03-01"`, `plan is before 2026-03-01`, `plan before 2026-03-01`},
	{`"op":"after","value":1700000000`, `plan is after 2023-11-14T22:13:20Z`, `plan after 1700000000`},
	{`"op":"after","value":"2026-03-01T14:00:00Z"`, `plan is after 2026-03-01T14:00:00Z`, `plan after "2026-03-01T14:00:00Z"`},
	{`"op":"on","value":"2026-03-01"`, `plan is on 2026-03-01`, `plan on 2026-03-01`},
	{`"op":"within_last","value":"7d"`, `plan is within the last 7 days`, `plan within last 7d`},
	{`"op":"more_than_ago","value":"1d"`, `plan is more than 1 day ago`, `plan more than 1d ago`},
	{`"op":"within_next","value":"5m"`, `plan is within the next 5 minutes`, `plan within next 5min`},
	{`"op":"more_than_ahead","value":"2w"`, `plan is more than 2 weeks ahead`, `plan more than 2w ahead`},
	{`"op":"anniversary_within_next","value":"7d"`, `plan has its anniversary within the next 7 days`, `plan anniversary within next 7d`},
	{`"op":"anniversary_within_next","value":"0d"`, `plan has its anniversary today`, `plan anniversary within next 0d`},
	{`"op":"is_time"`, `plan is readable as a time`, `plan is a time`},
	{`"op":"has_item","value":{"property":"sku","op":"is","value":"x1"}`, `plan has an item where (sku is x1)`, `plan has item (sku is x1)`},
	{`"op":"has_item","value":[{"property":"sku","op":"is","value":"x1"},{"property":"n","op":"at_least","value":2}]`,
		`plan has an item where (sku is x1, and n is at least 2)`, `plan has item (sku is x1 and n >= 2)`},
	{`"op":"is","value":"pro","for":"7d"`, `plan is pro (unchanged for at least 7 days)`, `plan is pro for 7d`},
}

// sentences are conditions with their sentence and text form.
var sentences = []struct{ json, sentence, text string }{
	// The contract's own example.
	{`{"all":[{"attribute":"plan","op":"is","value":"pro"},{"event":"Order Completed","count":{"at_least":3},"when":{"last":"30d"},"where":[{"property":"total","op":"greater_than","value":100}]}]}`,
		`plan is pro, and did Order Completed at least 3 times in the last 30 days where (total is greater than 100)`,
		`plan is pro and did "Order Completed" at least 3 times in the last 30d where (total > 100)`},

	// Groups.
	{`{"any":[{"segment":"a1"},{"segment":"b1"}]}`, `either is in the segment a1, or is in the segment b1`, `in segment a1 or in segment b1`},
	{`{"none":[{"segment":"a1"},{"segment":"b1"}]}`, `is not in the segment a1, and is not in the segment b1`, `none of (in segment a1, in segment b1)`},
	{`{"all":[{"segment":"a1"}]}`, `is in the segment a1`, `all of (in segment a1)`},
	{`{"all":[{"segment":"a1"},{"any":[{"segment":"b1"},{"segment":"c1"}]}]}`,
		`is in the segment a1, and (either is in the segment b1, or is in the segment c1)`, `in segment a1 and (in segment b1 or in segment c1)`},
	{`{"any":[{"all":[{"segment":"a1"},{"segment":"b1"}]},{"none":[{"segment":"c1"},{"segment":"d1"}]}]}`,
		`either (is in the segment a1, and is in the segment b1), or (is not in the segment c1, and is not in the segment d1)`,
		`(in segment a1 and in segment b1) or none of (in segment c1, in segment d1)`},
	{`{"not":{"all":[{"segment":"a1"},{"segment":"b1"}]}}`, `not (is in the segment a1, and is in the segment b1)`, `not (in segment a1 and in segment b1)`},
	{`{"not":{"attribute":"plan","op":"is","value":"pro"}}`, `plan is not pro`, `not plan is pro`},
	{`{"not":{"attribute":"plan","op":"is","value":"pro","for":"7d"}}`, `not (plan is pro (unchanged for at least 7 days))`, `not plan is pro for 7d`},
	{`{"not":{"attribute":"cart","op":"has_item","value":{"property":"sku","op":"is","value":"x1"}}}`, `not (cart has an item where (sku is x1))`, `not cart has item (sku is x1)`},
	{`{"not":{"not":{"segment":"a1"}}}`, `not (is not in the segment a1)`, `not not in segment a1`},
	{`{"not":{"none":[{"segment":"a1"},{"segment":"b1"}]}}`, `(either is in the segment a1, or is in the segment b1)`, `not none of (in segment a1, in segment b1)`},

	// Attributes of ours.
	{`{"attribute":"$first_seen_at","op":"within_last","value":"7d"}`, `was first seen within the last 7 days`, `$first_seen_at within last 7d`},
	{`{"attribute":"$last_seen_at","op":"does_not_exist"}`, `last seen is not set`, `$last_seen_at does not exist`},
	{`{"attribute":"first name","op":"exists"}`, `first name is set`, `"first name" exists`},

	// Subjects that were done.
	{`{"event":"Signed Up"}`, `did Signed Up`, `did "Signed Up"`},
	{`{"event":"*"}`, `was active`, `did anything`},
	{`{"event":"anything"}`, `did anything`, `did "anything"`},
	{`{"page":"/pricing*"}`, `viewed the page /pricing*`, `viewed page "/pricing*"`},
	{`{"page":"*"}`, `viewed a page`, `viewed page "*"`},
	{`{"page_name":"Home|Start"}`, `viewed a page named Home or Start`, `viewed page named "Home|Start"`},
	{`{"screen":"Settings"}`, `viewed the screen Settings`, `viewed screen "Settings"`},
	{`{"screen":"*"}`, `viewed a screen`, `viewed screen "*"`},
	{`{"page":"*","count":{"exactly":0},"when":{"last":"30d"}}`, `never viewed a page in the last 30 days`, `viewed page "*" exactly 0 times in the last 30d`},
	{`{"event":"*","count":{"exactly":0},"when":{"last":"14d"}}`, `was never active in the last 14 days`, `did anything exactly 0 times in the last 14d`},
	{`{"not":{"event":"x1"}}`, `never did x1`, `not did x1`},

	// Messages.
	{`{"message":"email","action":"sent"}`, `had an email sent`, `message email sent`},
	{`{"message":"push","action":"delivered"}`, `had a push message delivered`, `message push delivered`},
	{`{"message":"email","action":"opened","when":{"last":"30d"}}`, `opened an email in the last 30 days`, `message email opened in the last 30d`},
	{`{"message":"email","action":"clicked","campaign":"spring","link":"*/pricing*","count":{"at_least":2}}`,
		`clicked the link */pricing* in an email of spring at least 2 times`, `message email clicked campaign spring link "*/pricing*" at least 2 times`},
	{`{"message":"any","action":"clicked"}`, `clicked a link in a message`, `message any clicked`},
	{`{"message":"any","action":"converted"}`, `converted after a message`, `message any converted`},
	{`{"message":"email","action":"bounced"}`, `had an email bounce`, `message email bounced`},
	{`{"message":"webhook","action":"failed"}`, `had a webhook fail`, `message webhook failed`},
	{`{"message":"email","action":"unsubscribed"}`, `unsubscribed from an email`, `message email unsubscribed`},
	{`{"message":"email","action":"complained"}`, `complained about an email`, `message email complained`},
	{`{"message":"email","action":"suppressed"}`, `had an email suppressed`, `message email suppressed`},
	{`{"message":"email","action":"opened","machine":true}`, `opened an email (machines counted too)`, `message email opened including machines`},
	{`{"not":{"message":"email","action":"bounced"}}`, `never had an email bounce`, `not message email bounced`},

	// Measures.
	{`{"event":"x1","count":{"at_least":1}}`, `did x1`, `did x1`},
	{`{"event":"x1","count":{"at_most":0}}`, `never did x1`, `did x1 at most 0 times`},
	{`{"event":"x1","count":{"at_most":1}}`, `did x1 at most once`, `did x1 at most 1 times`},
	{`{"event":"x1","count":{"exactly":2}}`, `did x1 exactly 2 times`, `did x1 exactly 2 times`},
	{`{"event":"x1","count":{"more_than":2}}`, `did x1 more than 2 times`, `did x1 more than 2 times`},
	{`{"event":"x1","count":{"less_than":2}}`, `did x1 less than 2 times`, `did x1 less than 2 times`},
	{`{"event":"x1","count":{"between":[1,2]}}`, `did x1 between 1 and 2 times`, `did x1 between 1 and 2 times`},
	{`{"event":"x1","days":{"at_least":10}}`, `did x1 on at least 10 different days`, `did x1 on at least 10 days`},
	{`{"event":"x1","days":{"exactly":1}}`, `did x1 on exactly 1 day`, `did x1 on exactly 1 days`},
	{`{"event":"x1","distinct":{"of":"sku","at_least":3}}`, `did x1 with at least 3 different values of sku`, `did x1 with at least 3 different sku`},
	{`{"event":"x1","sum":{"of":"total","at_least":100}}`, `did x1 with a sum of total of at least 100`, `did x1 with sum of total at least 100`},
	{`{"event":"x1","avg":{"of":"total","less_than":5}}`, `did x1 with an average total of less than 5`, `did x1 with avg of total less than 5`},
	{`{"event":"x1","min":{"of":"total","more_than":5}}`, `did x1 with a smallest total of more than 5`, `did x1 with min of total more than 5`},
	{`{"event":"x1","max":{"of":"total","between":[1,5]}}`, `did x1 with a largest total of between 1 and 5`, `did x1 with max of total between 1 and 5`},
	{`{"event":"x1","first":{"where":[{"property":"plan","op":"is","value":"pro"}]}}`, `did x1, the first time with (plan is pro)`, `did x1 the first time with (plan is pro)`},
	{`{"event":"x1","last":{"where":{"any":[{"property":"p1","op":"exists"},{"property":"p2","op":"exists"}]}},"when":{"last":"7d"}}`,
		`did x1, the last time with (either p1 is set, or p2 is set) in the last 7 days`, `did x1 the last time with (p1 exists or p2 exists) in the last 7d`},
	{`{"event":"x1","regularly":{"period":"7d","of_last":4,"at_least":3}}`,
		`did x1 at least once in at least 3 of the last 4 periods of 7 days`, `did x1 regularly 1 times in at least 3 of the last 4 periods of 7d`},

	// Windows.
	{`{"event":"x1","when":{"last":"1h"}}`, `did x1 in the last hour`, `did x1 in the last 1h`},
	{`{"event":"x1","when":{"before_last":"7d"}}`, `did x1 more than 7 days ago`, `did x1 before the last 7d`},
	{`{"event":"x1","when":{"between":["60d","14d"]}}`, `did x1 between 60 days and 14 days ago`, `did x1 between 60d and 14d ago`},
	{`{"event":"x1","when":{"from":"2026-03-01"}}`, `did x1 from 2026-03-01 on`, `did x1 from 2026-03-01`},
	{`{"event":"x1","when":{"before":"2026-04-01"}}`, `did x1 before 2026-04-01`, `did x1 before 2026-04-01`},
	{`{"event":"x1","when":{"from":"2026-03-01","before":1775001600}}`, `did x1 from 2026-03-01 until before 2026-04-01T00:00:00Z`, `did x1 from 2026-03-01 before 1775001600`},
	{`{"event":"x1","when":{"last_calendar_days":0}}`, `did x1 today`, `did x1 in the last 0 calendar days`},
	{`{"event":"x1","when":{"last_calendar_days":1}}`, `did x1 today or yesterday`, `did x1 in the last 1 calendar days`},
	{`{"event":"x1","when":{"last_calendar_days":6}}`, `did x1 today or on the 6 days before`, `did x1 in the last 6 calendar days`},
	{`{"event":"x1","when":{"this":"day"}}`, `did x1 today`, `did x1 this day`},
	{`{"event":"x1","when":{"this":"week"}}`, `did x1 this week`, `did x1 this week`},
	{`{"event":"x1","when":{"previous":"day"}}`, `did x1 yesterday`, `did x1 previous day`},
	{`{"event":"x1","when":{"previous":"quarter"}}`, `did x1 in the previous quarter`, `did x1 previous quarter`},

	// Devices.
	{`{"device":"any"}`, `has a device`, `has device any`},
	{`{"device":"mobile"}`, `has a mobile device`, `has device mobile`},
	{`{"device":"ios","count":{"at_least":2}}`, `has at least 2 iOS devices`, `has device ios count at least 2`},
	{`{"device":"android","count":{"exactly":0}}`, `has no Android device`, `has device android count exactly 0`},
	{`{"device":"web","where":[{"property":"last_used","op":"within_last","value":"7d"}]}`, `has a web device where (last_used is within the last 7 days)`, `has device web where (last_used within last 7d)`},
	{`{"not":{"device":"ios"}}`, `has no iOS device`, `not has device ios`},

	// Sequences, segments, samples.
	{`{"sequence":[{"event":"Signed Up"},{"page":"/pricing*"},{"event":"Order Completed","where":[{"property":"total","op":"at_least","value":5}]}],"within":"7d","when":{"last":"90d"}}`,
		`did Signed Up, then viewed the page /pricing*, then did Order Completed where (total is at least 5), all within 7 days, in the last 90 days`,
		`sequence (did "Signed Up" then viewed page "/pricing*" then did "Order Completed" where (total >= 5)) within 7d in the last 90d`},
	{`{"all":[{"segment":"a1"},{"sequence":[{"event":"Added"},{"not":{"event":"Bought"}}],"within":"1h"}]}`,
		`is in the segment a1, and (did Added, and then never did Bought within the next hour)`, `in segment a1 and sequence (did Added then not did Bought) within 1h`},
	{`{"segment":"power-users"}`, `is in the segment power-users`, `in segment power-users`},
	{`{"not":{"segment":"power-users"}}`, `is not in the segment power-users`, `not in segment power-users`},
	{`{"sample":{"percent":20,"seed":"spring"}}`, `is in the 20% sample spring`, `sample 20 percent seed spring`},
}

func TestSentences(t *testing.T) {
	rows := sentences
	seen := map[string]bool{}
	for _, o := range operatorSentences {
		rows = append(rows, struct{ json, sentence, text string }{`{"attribute":"plan",` + o.rest + `}`, o.sentence, o.text})
	}
	for _, tc := range rows {
		c, err := ParseCondition([]byte(tc.json))
		if err != nil {
			t.Errorf("%s: %v", tc.json, err)
			continue
		}
		if got := Sentence(c); got != tc.sentence {
			t.Errorf("%s\n got %s\nwant %s", tc.json, got, tc.sentence)
		}
		if got := FormatText(c); got != tc.text {
			t.Errorf("%s\n got %s\nwant %s", tc.json, got, tc.text)
		}
		checkRound(t, c)
		Walk(c, func(_ string, n Condition) bool {
			switch n := n.(type) {
			case *Attribute:
				seen["op "+string(n.Test.Op)] = true
			case *Activity:
				seen[string(n.Kind)+n.Action] = true
				seen["measure "+string(n.Measure.Kind)] = true
				seen["when "+string(n.When.Kind)+n.When.Period] = true
				seen["compare "+string(n.Measure.Compare.Op)] = true
			}
			return true
		})
	}
	for _, op := range ops {
		if !seen["op "+op] {
			t.Errorf("no sentence for %s", op)
		}
	}
	for _, what := range append([]string{"measure regularly", "when dates", "when last_calendar_days", "when between", "page_name"}, messageActions...) {
		if !seen[what] && !seen["message"+what] {
			t.Errorf("no sentence for %s", what)
		}
	}
}

func TestSentenceOfLongList(t *testing.T) {
	a := &Attribute{Name: "city", Test: Test{Op: OpIsAnyOf}}
	for range MaxListValues {
		a.Test.Values = append(a.Test.Values, TextValue("x"))
	}
	if s := Sentence(a); !strings.HasSuffix(s, ", x or 981 more") || len(s) > 200 {
		t.Errorf("got %s", s)
	}
}

func TestNodeSentence(t *testing.T) {
	c, err := ParseText(`plan is pro and not (in segment a1 or did "x, y")`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	Walk(c, func(pointer string, c Condition) bool {
		got = append(got, pointer+" "+NodeSentence(c))
		return true
	})
	want := ` all of these; /all/0 plan is pro; /all/1 not this; /all/1/not any of these; /all/1/not/any/0 is in the segment a1; /all/1/not/any/1 did "x, y"`
	if strings.Join(got, "; ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "; "), want)
	}
}

func TestDefaultSegments(t *testing.T) {
	want := map[string]string{
		"Signed up recently":          `was first seen within the last 7 days`,
		"Have not logged in recently": `was first seen more than 30 days ago, and never viewed a page in the last 30 days, and never viewed a screen in the last 30 days`,
		"Power users":                 `was active on at least 10 different days in the last 30 days`,
		"At risk of churn":            `was active on at least 4 different days between 60 days and 14 days ago, and was never active in the last 14 days`,
		"Has a mobile device":         `has a mobile device`,
		"Opened an email recently":    `opened an email in the last 30 days`,
		"Unsubscribed":                `unsubscribed is true`,
	}
	for _, s := range DefaultSegments() {
		if got := Sentence(s.Definition); got != want[s.Name] {
			t.Errorf("%s: got %s", s.Name, got)
		}
		delete(want, s.Name)
		checkRound(t, s.Definition)
		if found := Lint(s.Definition); len(found) > 0 {
			t.Errorf("%s: %v", s.Name, found)
		}
	}
	for name := range want {
		t.Errorf("%s is missing", name)
	}
}
