package carpel

import (
	"errors"
	"strings"
	"testing"
)

// TestParseTextLoose holds what people may type against what is written back.
func TestParseTextLoose(t *testing.T) {
	for in, want := range map[string]string{
		// Of the console's "+ condition".
		`plan is pro`:                    `plan is pro`,
		`purchased 3 times last 30 days`: `did purchased at least 3 times in the last 30d`,
		`plan is pro and did "Order Completed" at least 3 times in the last 30d where (total > 100)`: `plan is pro and did "Order Completed" at least 3 times in the last 30d where (total > 100)`,

		// Activities.
		`Order Completed 3 times`:                        `did "Order Completed" at least 3 times`,
		`did Order Completed at least 3 times`:           `did "Order Completed" at least 3 times`,
		`did Step 2 in the last week`:                    `did "Step 2" previous week`,
		`purchased once`:                                 `did purchased`,
		`purchased at least once in the last 30 days`:    `did purchased in the last 30d`,
		`purchased exactly once today`:                   `did purchased exactly 1 times this day`,
		`purchased twice yesterday`:                      `did purchased at least 2 times previous day`,
		`purchased more than 3 times`:                    `did purchased more than 3 times`,
		`did purchased in the last 30d at least 3 times`: `did purchased at least 3 times in the last 30d`,
		`did purchased more than 30 days ago`:            `did purchased before the last 30d`,
		`did purchased between 60 days and 14 days ago`:  `did purchased between 60d and 14d ago`,
		`did purchased between 2 and 4 times this month`: `did purchased between 2 and 4 times this month`,
		`purchased where (total > 5)`:                    `did purchased where (total > 5)`,
		`never did purchased`:                            `did purchased exactly 0 times`,
		`did not purchased in the last 30 days`:          `did purchased exactly 0 times in the last 30d`,
		`never purchased`:                                `did purchased exactly 0 times`,
		`never viewed a page in the last 30d`:            `viewed page "*" exactly 0 times in the last 30d`,
		`viewed /pricing* in the last 7d`:                `viewed page "/pricing*" in the last 7d`,
		`viewed the page */docs/*|*/help/*`:              `viewed page "*/docs/*|*/help/*"`,
		`viewed a screen`:                                `viewed screen "*"`,
		`viewed a page named Home`:                       `viewed page named "Home"`,
		`did anything on at least 10 different days`:     `did anything on at least 10 days`,
		`opened an email in the last 30 days`:            `message email opened in the last 30d`,
		`clicked a message`:                              `message any clicked`,
		`has a mobile device`:                            `has device mobile`,
		`has an ios device where (os = 17)`:              `has device ios where (os is 17)`,
		`has a device`:                                   `has device any`,
		`is in the segment power-users`:                  `in segment power-users`,
		`is not in segment power-users`:                  `not in segment power-users`,
		`sample 20% seed spring`:                         `sample 20 percent seed spring`,

		// Operators.
		`plan = pro`:                                          `plan is pro`,
		`plan != pro`:                                         `plan is not pro`,
		`plan equals pro`:                                     `plan is pro`,
		`plan is one of (pro, team)`:                          `plan is any of (pro, team)`,
		`plan is in (pro or team)`:                            `plan is any of (pro, team)`,
		`plan is not in (pro)`:                                `plan is none of (pro)`,
		`plan is set`:                                         `plan exists`,
		`plan is not set`:                                     `plan does not exist`,
		`total is greater than 5`:                             `total > 5`,
		`total more than 5`:                                   `total > 5`,
		`total is more than 5`:                                `total > 5`,
		`total is at least 5`:                                 `total >= 5`,
		`total at least 5`:                                    `total >= 5`,
		`total is between 5 and 7`:                            `total between 5 and 7`,
		`seen is within the last 30 days`:                     `seen within last 30d`,
		`seen is more than 30 days ago`:                       `seen more than 30d ago`,
		`seen more than 5 minutes ahead`:                      `seen more than 5min ahead`,
		`seen is before 2026-03-01`:                           `seen before 2026-03-01`,
		`seen after 2026-03-01T14:00:00Z`:                     `seen after "2026-03-01T14:00:00Z"`,
		`email contains gmail.com|yahoo.com`:                  `email contains "gmail.com|yahoo.com"`,
		`name contains 42`:                                    `name contains "42"`,
		`birthday has its anniversary within the next 7 days`: `birthday anniversary within next 7d`,
		`x is TRUE`:                                           `x is true`,
		`x is "42"`:                                           `x is "42"`,
		`x is 42`:                                             `x is 42`,
		`x is 'New York'`:                                     `x is "New York"`,
		`x is “New York”`:                                     `x is "New York"`,
		"PLAN IS pro\n  AND total > 5":                        `PLAN is pro and total > 5`,
		`((plan is pro))`:                                     `plan is pro`,
		`(plan is pro or plan is team) and x > 1`:             `(plan is pro or plan is team) and x > 1`,
		`ville is Zürich`:                                     `ville is Zürich`,
	} {
		c, err := ParseText(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if got := FormatText(c); got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
	}
}

// TestSentencesAreRead holds that most sentences can be typed back: those of single conditions that have no words of
// their own.
func TestSentencesAreRead(t *testing.T) {
	for _, in := range []string{`plan is pro`, `plan is set`, `plan is not set`, `total is greater than 100`, `total is between 1 and 2`, `plan is within the last 7 days`,
		`plan is more than 1 day ago`, `plan is before 2026-03-01`, `did x1 at most once`, `did x1 exactly 2 times`, `did x1 on at least 10 different days`, `did x1 in the previous quarter`,
		`did x1 this week`, `viewed a page`, `opened an email in the last 30 days`, `has a mobile device`, `is in the segment power-users`, `is not in the segment power-users`} {
		c, err := ParseText(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
		} else if got := Sentence(c); got != in {
			t.Errorf("%s is said as %s", in, got)
		}
	}
}

func TestParseTextRefuses(t *testing.T) {
	for _, tc := range []struct{ text, message, suggestion string }{
		{``, `line 1, column 1: expected a condition, got the end`, ``},
		{`plan`, `line 1, column 5: expected an operator`, ``},
		{`plan iss pro`, `line 1, column 6: expected an operator`, `is`},
		{`plan is`, `line 1, column 8: expected a value`, ``},
		{`plan is pro team`, `line 1, column 13: expected an end, and, or or, got "team" (a text with blanks stands in quotes)`, ``},
		{`plan is pro adn x is 1`, `line 1, column 13`, `and`},
		{"plan is pro\nand total > abc", `line 2, column 13: expected a number, got "abc"`, ``},
		{`a is 1`, `a name that is a keyword stands in quotes`, ``},
		{`x is and`, `a text that is a keyword stands in quotes`, ``},
		{`plan is pro and x is 1 or y is 2`, `column 24: expected parentheses: and and or do not mix`, ``},
		{`plan is pro or x is 1 and y is 2`, `do not mix`, ``},
		{`(plan is pro`, `column 13: expected ")"`, ``},
		{`plan is pro)`, `column 12: expected an end`, ``},
		{`did x1 where total > 5`, `column 14: expected "(": the conditions of where stand in parentheses`, ``},
		{`did x1 at least 3`, `expected "times"`, ``},
		{`did x1 at least three times`, `expected a number`, ``},
		{`did x1 in the last 30`, `expected a duration such as 30d`, ``},
		{`did x1 in the last 5m`, `minutes are min`, ``},
		{`did x1 in the last 3 months`, `differ in length`, ``},
		{`did x1 in the last 0d`, `line 1, column 1: a duration is from 1s`, ``},
		{`did x1 this weak`, `expected a period: day, week`, `week`},
		{`did x1 regularly 1 times in at least 3 of the last 4 periods of 7d in the last 30d`, `no window`, ``},
		{`never did x1 3 times`, `no count after never`, ``},
		{`viewed`, `expected page, screen`, ``},
		{`message mail opened`, `expected a channel`, `email`},
		{`message email open`, `expected what became of it`, `opened`},
		{`has device iso`, `expected a platform`, `ios`},
		{`x is "open`, `column 6: a quote is left open`, ``},
		{`x is 'open`, `column 6: a quote is left open`, ``},
		{`x is "\q"`, `not readable`, ``},
		{`x is "\ud800"`, `not readable`, ``},
		{`x is ;`, `';' has no meaning here`, ``},
		{`total > 1` + strings.Repeat("0", 400), `a number in range`, ``},
		{`plan is pro and email contains "a||b"`, `line 1, column 17: the pattern "a||b" has an empty alternative`, ``},
		{`plan is pro and $plan is pro`, `column 17: of the attributes that begin with $`, ``},
		{`did x1 where (p1 is 1 and p2 on "x")`, `column 27: "on" takes a date`, ``},
		{`did x1 between 14d and 60d ago`, `longer duration comes first`, ``},
		{`sequence (did x1)`, `2 to 10 steps`, ``},
		{`sequence (did x1 then not did y1 then did z1) within 1d`, `only the last step may be not`, ``},
		{`sequence (did x1 then not did y1)`, `needs within`, ``},
		{`total between 7 and 5`, `reversed`, ``},
		{"x is \xff", `UTF-8`, ``},
		{"x is \x00", `NUL`, ``},
		{strings.Repeat("(", 100_000), `nested too deeply`, ``},
		{strings.Repeat("not ", 100_000) + "x is 1", `nested too deeply`, ``},
		{strings.Repeat("not ", 16) + "x is 1", `nested at most 16 deep`, ``},
		{strings.Repeat("x", MaxBody+1), `it may have 4 MiB`, ``},
	} {
		c, err := ParseText(tc.text)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%.80s\naccepted: %v", tc.text, c)
			continue
		}
		if e.Pointer != "/text" || !strings.Contains(e.Message, tc.message) || e.Suggestion != tc.suggestion {
			t.Errorf("%.80s\ngot %s: %s (suggestion %q)\nwant …%s… (suggestion %q)", tc.text, e.Pointer, e.Message, e.Suggestion, tc.message, tc.suggestion)
		}
	}
}

// TestTextLimits: the code, the limit and what came.
func TestTextLimits(t *testing.T) {
	for text, want := range map[string]Error{
		strings.Repeat("not ", 16) + "x is 1":                            {Limit: 16, Actual: 17},
		"x is any of (" + repeat(1001, "1") + ")":                        {Limit: 1000, Actual: 1001},
		"x contains " + strings.Repeat("a", 1001):                        {Limit: 1000, Actual: 1001},
		strings.TrimSuffix(strings.Repeat("x1 is 1 and ", 500), " and "): {},
		strings.TrimSuffix(strings.Repeat("x1 is 1 and ", 600), " and "): {Limit: 500, Actual: 601},
	} {
		_, err := ParseText(text)
		var e *Error
		if strings.Count(text, "and") == 499 {
			if !errors.As(err, &e) || e.Actual != 501 {
				t.Errorf("all and 500 more are 501 conditions: got %v", err)
			}
			continue
		}
		if !errors.As(err, &e) || e.Code != CodeLimit || e.Limit != want.Limit || e.Actual != want.Actual {
			t.Errorf("%.60s: got %+v", text, e)
		}
	}
}
