package carpel

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestParseConditionRefuses holds the pointer, the code, a part of the reason and the suggestion of every fault.
func TestParseConditionRefuses(t *testing.T) {
	for _, tc := range []struct{ json, code, pointer, message, suggestion string }{
		// JSON itself.
		{`{"attribute":"plan"`, CodeInvalid, ``, "line 1, column 19", ``},
		{"{\n  \"all\": [,]}", CodeInvalid, ``, "line 2, column 11", ``},
		{`{"attribute":"plan","op":"exists"} x`, CodeInvalid, ``, "not JSON", ``},
		{`{"attribute":"plan","op":"exists",}`, CodeInvalid, ``, "not JSON", ``},
		{``, CodeInvalid, ``, "not JSON", ``},
		{"{\"attribute\":\"\xff\",\"op\":\"exists\"}", CodeEncoding, ``, "UTF-8", ``},
		{`{"attribute":"\ud800","op":"exists"}`, CodeEncoding, ``, "surrogate", ``},
		{`{"attribute":"\udc00\ud800","op":"exists"}`, CodeEncoding, ``, "surrogate", ``},
		{`{"all":[{"attribute":"a\u0000b","op":"exists"}]}`, CodeEncoding, `/all/0/attribute`, "NUL", ``},
		{`{"attribute":"n","op":"is","value":1e400}`, CodeNumberRange, `/value`, "1e400", ``},
		{`{"attribute":"plan","op":"is","op":"is_not","value":1}`, CodeDuplicateKey, `/op`, "twice", ``},
		{`{"event":"x","when":{"last":"1d","last":"2d"}}`, CodeDuplicateKey, `/when/last`, "twice", ``},
		{`{"attribute":"plan","OP":"is","op":"is","value":1}`, CodeUnknownKey, `/OP`, `"OP" is no key here`, `op`},

		// The subject.
		{`[]`, CodeInvalid, ``, "a list", ``},
		{`"plan is pro"`, CodeInvalid, ``, "a text", ``},
		{`null`, CodeInvalid, ``, "null", ``},
		{`{}`, CodeInvalid, ``, "needs a subject", ``},
		{`{"op":"is","value":1}`, CodeInvalid, ``, "needs a subject", ``},
		{`{"attribut":"plan","op":"is","value":"pro"}`, CodeUnknownKey, `/attribut`, "no key of a condition", `attribute`},
		{`{"Event":"x"}`, CodeUnknownKey, `/Event`, "no key of a condition", `event`},
		{`{"and":[]}`, CodeUnknownKey, `/and`, "no key of a condition", `all`},
		{`{"wibble~/x":1}`, CodeUnknownKey, `/wibble~0~1x`, "no key of a condition", ``},
		{`{"attribute":"plan","event":"x","op":"exists"}`, CodeInvalid, `/event`, "one subject", ``},
		{`{"all":[{"event":"x"}],"any":[{"event":"x"}]}`, CodeInvalid, `/any`, "one subject", ``},
		{`{"property":"total","op":"exists"}`, CodeInvalid, `/property`, "a person has an attribute", `attribute`},
		{`{"event":"x","where":[{"attribute":"total","op":"exists"}]}`, CodeInvalid, `/where/0/attribute`, "over property", `property`},
		{`{"event":"x","where":[{"event":"y"}]}`, CodeInvalid, `/where/0/event`, "over property", ``},
		{`{"all":[]}`, CodeInvalid, `/all`, "empty list", ``},
		{`{"all":{"event":"x"}}`, CodeInvalid, `/all`, "a list of conditions", ``},
		{`{"not":[{"event":"x"}]}`, CodeInvalid, `/not`, "one condition", `none`},
		{`{"any":[{"event":"x"},{"none":[{"not":{"evnt":"x"}}]}]}`, CodeUnknownKey, `/any/1/none/0/not/evnt`, "no key", `event`},

		// Attributes.
		{`{"attribute":5,"op":"exists"}`, CodeInvalid, `/attribute`, `"attribute" is a number`, ``},
		{`{"attribute":"","op":"exists"}`, CodeInvalid, `/attribute`, "empty", ``},
		{`{"attribute":"` + strings.Repeat("a", 151) + `","op":"exists"}`, CodeLimit, `/attribute`, "151", ``},
		{`{"attribute":"$plan","op":"exists"}`, CodeReserved, `/attribute`, "$first_seen_at", ``},
		{`{"attribute":"plan"}`, CodeInvalid, ``, `"op" is missing`, ``},
		{`{"attribute":"plan","opp":"is","value":"pro"}`, CodeUnknownKey, `/opp`, "no key here", `op`},
		{`{"attribute":"plan","op":"is","values":["pro"]}`, CodeUnknownKey, `/values`, "no key here", `value`},
		{`{"attribute":"plan","op":"iss","value":"pro"}`, CodeUnknownKey, `/op`, "no operator", `is`},
		{`{"attribute":"plan","op":"equals","value":"pro"}`, CodeUnknownKey, `/op`, "no operator", `is`},
		{`{"attribute":"plan","op":"in","value":["pro"]}`, CodeUnknownKey, `/op`, "no operator", `is_any_of`},
		{`{"attribute":"plan","op":"Is_Not","value":"pro"}`, CodeUnknownKey, `/op`, "no operator", `is_not`},
		{`{"attribute":"plan","op":"startswith","value":"p"}`, CodeUnknownKey, `/op`, "no operator", `starts_with`},
		{`{"attribute":"plan","op":"grater_than","value":1}`, CodeUnknownKey, `/op`, "no operator", `greater_than`},
		{`{"attribute":"plan","op":"xyzzy","value":1}`, CodeUnknownKey, `/op`, "no operator", ``},
		{`{"attribute":"plan","op":5}`, CodeInvalid, `/op`, "a number", ``},
		{`{"attribute":"plan","op":"is"}`, CodeInvalid, ``, `"value" is missing`, ``},
		{`{"attribute":"plan","op":"is","value":null}`, CodeInvalid, `/value`, "null", ``},
		{`{"attribute":"plan","op":"is","value":["a"]}`, CodeInvalid, `/value`, "a list", `is_any_of`},
		{`{"attribute":"plan","op":"is_any_of","value":"a"}`, CodeInvalid, `/value`, "a list", ``},
		{`{"attribute":"plan","op":"is_any_of","value":[]}`, CodeInvalid, `/value`, "empty list", ``},
		{`{"attribute":"plan","op":"is_any_of","value":["a",{}]}`, CodeInvalid, `/value/1`, "an object", ``},
		{`{"attribute":"plan","op":"is_any_of","value":["a",null]}`, CodeInvalid, `/value/1`, "null", ``},
		{`{"attribute":"plan","op":"exists","value":true}`, CodeInvalid, `/value`, "takes no value", ``},
		{`{"attribute":"n","op":"greater_than","value":"5"}`, CodeInvalid, `/value`, "takes a number", ``},
		{`{"attribute":"n","op":"between","value":[5,1]}`, CodeInvalid, `/value`, "reversed", ``},
		{`{"attribute":"n","op":"between","value":[1]}`, CodeInvalid, `/value`, "two numbers", ``},
		{`{"attribute":"n","op":"between","value":[9007199254740993,9007199254740992]}`, CodeInvalid, `/value`, "reversed", ``},
		{`{"attribute":"t","op":"contains","value":""}`, CodeInvalid, `/value`, "empty alternative", ``},
		{`{"attribute":"t","op":"contains","value":"a||b"}`, CodeInvalid, `/value`, "empty alternative", ``},
		{`{"attribute":"t","op":"contains","value":"a\\"}`, CodeInvalid, `/value`, "ends with", ``},
		{`{"attribute":"t","op":"contains","value":5}`, CodeInvalid, `/value`, "a text", ``},
		{`{"attribute":"t","op":"starts_with","value":""}`, CodeInvalid, `/value`, "not empty", ``},
		{`{"attribute":"t","op":"ends_with","value":""}`, CodeInvalid, `/value`, "not empty", ``},
		{`{"attribute":"t","op":"matches","value":""}`, CodeInvalid, `/value`, "empty", ``},
		{`{"attribute":"t","op":"matches","value":"a("}`, CodeInvalid, `/value`, "cannot be read", ``},
		{`{"attribute":"t","op":"before","value":"soon"}`, CodeInvalid, `/value`, "takes a time", ``},
		{`{"attribute":"t","op":"on","value":"2026-02-30"}`, CodeInvalid, `/value`, "takes a date", ``},
		{`{"attribute":"t","op":"on","value":"2026-03-01T00:00:00Z"}`, CodeInvalid, `/value`, "takes a date", ``},
		{`{"attribute":"t","op":"within_last","value":7}`, CodeInvalid, `/value`, "a duration", ``},
		{`{"attribute":"t","op":"within_last","value":"7 days"}`, CodeInvalid, `/value`, "no duration", ``},
		{`{"attribute":"t","op":"within_last","value":"0d"}`, CodeLimit, `/value`, "from 1s", ``},
		{`{"attribute":"t","op":"anniversary_within_next","value":"12h"}`, CodeInvalid, `/value`, "whole days", ``},
		{`{"attribute":"t","op":"is","value":"x","match_case":"yes"}`, CodeInvalid, `/match_case`, "true or false", ``},
		{`{"attribute":"t","op":"greater_than","value":1,"match_case":true}`, CodeInvalid, `/match_case`, "compare texts", ``},
		{`{"attribute":"t","op":"is","value":"x","for":"soon"}`, CodeInvalid, `/for`, "no duration", ``},
		{`{"attribute":"t","op":"has_item","value":[]}`, CodeInvalid, `/value`, "empty list", ``},
		{`{"attribute":"t","op":"has_item"}`, CodeInvalid, ``, "missing", ``},
		{`{"attribute":"t","op":"has_item","value":[{"property":"p","op":"on","value":"x"}]}`, CodeInvalid, `/value/0/value`, "takes a date", ``},
		{`{"attribute":"t","op":"has_item","value":{"property":"p","op":"on","value":"x"}}`, CodeInvalid, `/value/value`, "takes a date", ``},

		// Activities.
		{`{"event":"x","where":[{"property":"p","op":"is","value":1,"for":"7d"}]}`, CodeInvalid, `/where/0/for`, "does not change", ``},
		{`{"event":"x","where":{"property":"$total","op":"exists"}}`, CodeReserved, `/where/property`, "$context", ``},
		{`{"event":"x","where":{"any":[{"property":"t","op":"on","value":"x"}]}}`, CodeInvalid, `/where/any/0/value`, "takes a date", ``},
		{`{"event":"x","where":{"all":[{"property":"t","op":"on","value":"x"}]}}`, CodeInvalid, `/where/all/0/value`, "takes a date", ``},
		{`{"event":"x","where":"total > 5"}`, CodeInvalid, `/where`, "a text", ``},
		{`{"event":" "}`, CodeInvalid, `/event`, "empty", ``},
		{`{"page":"a||b"}`, CodeInvalid, `/page`, "empty alternative", ``},
		{`{"screen":""}`, CodeInvalid, `/screen`, "empty alternative", ``},
		{`{"event":"x","wher":[]}`, CodeUnknownKey, `/wher`, "no key here", `where`},
		{`{"event":"x","properties":[]}`, CodeUnknownKey, `/properties`, "no key here", `where`},
		{`{"event":"x","action":"opened"}`, CodeUnknownKey, `/action`, "no key here", ``},
		{`{"event":"x","count":3}`, CodeInvalid, `/count`, `{"at_least": 3}`, ``},
		{`{"event":"x","count":{}}`, CodeInvalid, `/count`, "comparison is missing", ``},
		{`{"event":"x","count":{"atleast":3}}`, CodeUnknownKey, `/count/atleast`, "no key here", `at_least`},
		{`{"event":"x","count":{"at_least":"3"}}`, CodeInvalid, `/count/at_least`, "a number", ``},
		{`{"event":"x","count":{"at_least":1,"at_most":3}}`, CodeInvalid, `/count/at_most`, "one comparison", ``},
		{`{"event":"x","count":{"between":[3]}}`, CodeInvalid, `/count/between`, "two numbers", ``},
		{`{"event":"x","count":{"between":[3,1]}}`, CodeInvalid, `/count/between`, "reversed", ``},
		{`{"event":"x","count":{"at_least":1},"days":{"at_least":1}}`, CodeInvalid, `/days`, "one measure", ``},
		{`{"event":"x","sum":{"at_least":1}}`, CodeInvalid, `/sum`, `"of" is missing`, ``},
		{`{"event":"x","sum":{"of":"","at_least":1}}`, CodeInvalid, `/sum/of`, "empty", ``},
		{`{"event":"x","sum":{"off":"a","at_least":1}}`, CodeUnknownKey, `/sum/off`, "no key here", `of`},
		{`{"event":"x","first":{}}`, CodeInvalid, `/first`, `"where" is missing`, ``},
		{`{"event":"x","last":{"where":[{"property":"p","op":"is"}]}}`, CodeInvalid, `/last/where/0`, "missing", ``},
		{`{"event":"x","regularly":{"period":"7d","of_last":4,"at_least":5}}`, CodeLimit, `/regularly/at_least`, "of_last", ``},
		{`{"event":"x","regularly":{"period":"7d","of_last":367,"at_least":5}}`, CodeLimit, `/regularly/of_last`, "366", ``},
		{`{"event":"x","regularly":{"period":"365d","of_last":366,"at_least":5}}`, CodeLimit, `/regularly/of_last`, "36500d", ``},
		{`{"event":"x","regularly":{"period":"7d","of_last":1.5,"at_least":1}}`, CodeInvalid, `/regularly/of_last`, "whole number", ``},
		{`{"event":"x","regularly":{"period":"7d","of_last":4,"times":0,"at_least":1}}`, CodeInvalid, `/regularly/times`, "at least 1", ``},
		{`{"event":"x","regularly":{"period":"7d","of_last":4,"at_least":3},"when":{"last":"30d"}}`, CodeInvalid, `/when`, "its own periods", ``},
		{`{"event":"x","when":"30d"}`, CodeInvalid, `/when`, `{"last": "30d"}`, ``},
		{`{"event":"x","when":{}}`, CodeInvalid, `/when`, "exactly one of", ``},
		{`{"event":"x","when":{"lst":"30d"}}`, CodeUnknownKey, `/when/lst`, "no key here", `last`},
		{`{"event":"x","when":{"last":"30d","from":"2026-03-01"}}`, CodeInvalid, `/when`, "exactly one of", ``},
		{`{"event":"x","when":{"between":["14d","60d"]}}`, CodeInvalid, `/when/between`, "longer duration comes first", ``},
		{`{"event":"x","when":{"between":["60d","60d"]}}`, CodeInvalid, `/when/between`, "longer duration comes first", ``},
		{`{"event":"x","when":{"between":["60d",14]}}`, CodeInvalid, `/when/between/1`, "a number", ``},
		{`{"event":"x","when":{"from":"March"}}`, CodeInvalid, `/when/from`, "no time", ``},
		{`{"event":"x","when":{"before":true}}`, CodeInvalid, `/when/before`, "a time", ``},
		{`{"event":"x","when":{"last_calendar_days":-1}}`, CodeLimit, `/when/last_calendar_days`, "36500", ``},
		{`{"event":"x","when":{"this":"weak"}}`, CodeInvalid, `/when/this`, "no period", `week`},

		// Messages, devices, sequences, segments, samples.
		{`{"message":"email"}`, CodeInvalid, ``, `"action" is missing`, ``},
		{`{"message":"mail","action":"opened"}`, CodeInvalid, `/message`, "no channel", `email`},
		{`{"message":"email","action":"open"}`, CodeInvalid, `/action`, "no action", `opened`},
		{`{"message":"email","action":"opened","link":"x"}`, CodeInvalid, `/link`, "clicked", ``},
		{`{"message":"email","action":"clicked","link":""}`, CodeInvalid, `/link`, "empty", ``},
		{`{"message":"email","action":"opened","campaign":""}`, CodeInvalid, `/campaign`, "empty", ``},
		{`{"message":"email","action":"opened","machines":true}`, CodeUnknownKey, `/machines`, "no key here", `machine`},
		{`{"device":"iphone"}`, CodeInvalid, `/device`, "no platform", ``},
		{`{"device":"iso"}`, CodeInvalid, `/device`, "no platform", `ios`},
		{`{"device":"any","when":{"last":"30d"}}`, CodeInvalid, `/when`, "as they are now", ``},
		{`{"device":"any","days":{"at_least":1}}`, CodeUnknownKey, `/days`, "no key here", ``},
		{`{"sequence":[{"event":"x"}]}`, CodeLimit, `/sequence`, "2 to 10", ``},
		{`{"sequence":{"event":"x"}}`, CodeInvalid, `/sequence`, "a list of steps", ``},
		{`{"sequence":[{"event":"x"},{"attribute":"y","op":"exists"}]}`, CodeInvalid, `/sequence/1/attribute`, "not allowed here", ``},
		{`{"sequence":[{"event":"x"},{"event":"y","count":{"at_least":2}}]}`, CodeInvalid, `/sequence/1/count`, "of its own", ``},
		{`{"sequence":[{"event":"x"},{"event":"y","when":{"last":"1d"}}]}`, CodeInvalid, `/sequence/1/when`, "of its own", ``},
		{`{"sequence":[{"not":{"event":"x"}},{"event":"y"}],"within":"1d"}`, CodeInvalid, `/sequence/0`, "only the last", ``},
		{`{"sequence":[{"event":"x"},{"not":{"event":"y"}}]}`, CodeInvalid, ``, "needs within", ``},
		{`{"sequence":[{"event":"x"},{"event":"y","where":[{"property":"p","op":"on","value":1}]}]}`, CodeInvalid, `/sequence/1/where/0/value`, "takes a date", ``},
		{`{"segment":""}`, CodeInvalid, `/segment`, "id or key", ``},
		{`{"segment":"` + strings.Repeat("a", 256) + `"}`, CodeLimit, `/segment`, "256", ``},
		{`{"sample":{"percent":101,"seed":"x"}}`, CodeInvalid, `/sample/percent`, "0 and 100", ``},
		{`{"sample":{"percent":"20","seed":"x"}}`, CodeInvalid, `/sample/percent`, "a number", ``},
		{`{"sample":{"percent":20}}`, CodeInvalid, `/sample`, `"seed" is missing`, ``},
		{`{"sample":{"percent":20,"sed":"x"}}`, CodeUnknownKey, `/sample/sed`, "no key here", `seed`},
		{`{"sample":20}`, CodeInvalid, `/sample`, "an object", ``},
	} {
		c, err := ParseCondition([]byte(tc.json))
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s\naccepted: %v, %v", tc.json, c, err)
			continue
		}
		if e.Code != tc.code || e.Pointer != tc.pointer || !strings.Contains(e.Message, tc.message) || e.Suggestion != tc.suggestion {
			t.Errorf("%s\ngot %s at %q: %s (suggestion %q)\nwant %s at %q: …%s… (suggestion %q)", tc.json, e.Code, e.Pointer, e.Message, e.Suggestion, tc.code, tc.pointer, tc.message, tc.suggestion)
		}
	}
}

// nest returns a condition in n conditions around it.
func nest(n int, key, inner string) string {
	if key == "not" {
		return strings.Repeat(`{"not":`, n) + inner + strings.Repeat("}", n)
	}
	return strings.Repeat(`{"`+key+`":[`, n) + inner + strings.Repeat("]}", n)
}

func repeat(n int, s string) string { return strings.TrimSuffix(strings.Repeat(s+",", n), ",") }

// TestLimits holds each limit at its edge, with the limit and what came.
func TestLimits(t *testing.T) {
	leaf := `{"attribute":"a","op":"exists"}`
	where := `{"event":"x","where":[{"property":"a","op":"exists"}]}`
	for _, tc := range []struct {
		name, within, beyond, pointer string
		limit, actual                 int64
	}{
		{"depth of all", nest(15, "all", leaf), nest(19, "all", leaf), strings.Repeat("/all/0", 16), 16, 20},
		{"depth of not", nest(15, "not", leaf), nest(16, "not", leaf), strings.Repeat("/not", 16), 16, 17},
		{"depth of where", nest(14, "all", where), nest(15, "all", where), strings.Repeat("/all/0", 15) + "/where/0", 16, 17},
		{"depth of JSON", leaf, nest(100, "all", leaf), strings.Repeat("/all/0", 64), 128, 129},
		{"conditions", `{"all":[` + repeat(499, leaf) + `]}`, `{"all":[` + repeat(601, leaf) + `]}`, "/all/499", 500, 602},
		{"conditions in where", `{"all":[` + repeat(249, where) + `]}`, `{"all":[` + repeat(250, where) + `]}`, "/all/249/where/0", 500, 501},
		{"values of a list", `{"attribute":"a","op":"is_any_of","value":[` + repeat(1000, "1") + `]}`, `{"attribute":"a","op":"is_any_of","value":[` + repeat(1001, "1") + `]}`, "/value", 1000, 1001},
		{"bytes of a pattern", `{"page":"` + strings.Repeat("a", 1000) + `"}`, `{"page":"` + strings.Repeat("a", 1001) + `"}`, "/page", 1000, 1001},
		{"bytes of an expression", `{"attribute":"a","op":"matches","value":"` + strings.Repeat("a", 1000) + `"}`, `{"attribute":"a","op":"matches","value":"` + strings.Repeat("a", 1001) + `"}`, "/value", 1000, 1001},
		{"bytes of a beginning", `{"attribute":"a","op":"starts_with","value":"` + strings.Repeat("a", 1000) + `"}`, `{"attribute":"a","op":"starts_with","value":"` + strings.Repeat("é", 501) + `"}`, "/value", 1000, 1002},
		{"bytes of a name", `{"event":"` + strings.Repeat("a", 150) + `"}`, `{"event":"` + strings.Repeat("a", 160) + `"}`, "/event", 150, 160},
		{"steps", `{"sequence":[` + repeat(10, `{"event":"x"}`) + `]}`, `{"sequence":[` + repeat(11, `{"event":"x"}`) + `]}`, "/sequence", 10, 11},
		{"periods", `{"event":"x","regularly":{"period":"1d","of_last":366,"at_least":1}}`, `{"event":"x","regularly":{"period":"1d","of_last":400,"at_least":1}}`, "/regularly/of_last", 366, 400},
		{"a duration", `{"event":"x","when":{"last":"36500d"}}`, `{"event":"x","when":{"last":"36501d"}}`, "/when/last", 36500, 36501},
		{"a duration of weeks", `{"event":"x","when":{"last":"5214w"}}`, `{"event":"x","when":{"last":"99999999999w"}}`, "/when/last", 36500, 699999999993},
		{"calendar days", `{"event":"x","when":{"last_calendar_days":36500}}`, `{"event":"x","when":{"last_calendar_days":36501}}`, "/when/last_calendar_days", 36500, 36501},
	} {
		if c, err := ParseCondition([]byte(tc.within)); err != nil {
			t.Errorf("%s: at the limit: %v", tc.name, err)
		} else {
			checkRound(t, c)
		}
		_, err := ParseCondition([]byte(tc.beyond))
		var e *Error
		if !errors.As(err, &e) || e.Code != CodeLimit || e.Limit != tc.limit || e.Actual != tc.actual || e.Pointer != tc.pointer {
			t.Errorf("%s: beyond the limit: got %+v", tc.name, e)
		}
	}
}

// TestEqualConditions holds that what means the same by the language's own defaults has one canonical form.
func TestEqualConditions(t *testing.T) {
	for _, same := range [][]string{
		{`{"event":"x"}`, `{"event":" x ","count":{"at_least":1}}`, `{"count":{"at_least":1.0},"event":"x"}`},
		{`{"event":"x","where":{"property":"p","op":"exists"}}`, `{"event":"x","where":[{"property":"p","op":"exists"}]}`, `{"event":"x","where":{"all":[{"op":"exists","property":"p"}]}}`},
		{`{"device":"ios"}`, `{"device":"ios","count":{"at_least":1}}`},
		{`{"attribute":"a","op":"is","value":1.50,"match_case":false}`, `{"value":1.5,"attribute":"a","op":"is"}`, `{"attribute":"a","op":"is","value":15e-1}`},
		{`{"event":"x","regularly":{"period":"7d","of_last":4,"at_least":3}}`, `{"event":"x","regularly":{"times":1,"period":"7d","of_last":4,"at_least":3}}`},
		{`{"event":"x","when":{"before":"2026-04-01","from":"2026-03-01"}}`, `{"event":"x","when":{"from":"2026-03-01","before":"2026-04-01"}}`},
		{`{"attribute":"a","op":"is","value":"\u00e9"}`, `{"attribute":"a","op":"is","value":"é"}`},
	} {
		var first string
		for i, s := range same {
			c, err := ParseCondition([]byte(s))
			if err != nil {
				t.Fatalf("%s: %v", s, err)
			}
			if got := string(Canonical(c)); i == 0 {
				first = got
			} else if got != first {
				t.Errorf("%s\n and %s\ndiffer: %s and %s", same[0], s, first, got)
			}
		}
	}
	c, _ := ParseCondition([]byte(`{"attribute":"n","op":"is","value":1234567890123456789012345678901234567890}`))
	if got := string(Canonical(c)); got != `{"attribute":"n","op":"is","value":1234567890123456789012345678901234567890}` {
		t.Errorf("digits are lost: %s", got)
	}
	a, b := &Activity{Kind: EventActivity, Name: "x"}, &Activity{Kind: EventActivity, Name: "x", Measure: Measure{Kind: MeasureCount, Compare: (Compare{}).OrDefault()}}
	if Hash(a) != Hash(b) {
		t.Error("the default count hashes as another condition")
	}
}

func TestWalk(t *testing.T) {
	c, err := ParseCondition([]byte(`{"all":[{"event":"x","first":{"where":{"property":"a","op":"exists"}},"where":[{"property":"b","op":"has_item","value":{"property":"c","op":"exists"}}]},
		{"not":{"sequence":[{"event":"y"},{"not":{"page":"/z","where":[{"property":"d","op":"exists"}]}}],"within":"1d"}},{"device":"any","where":{"any":[{"property":"e","op":"exists"}]}},{"segment":"s"},{"none":[{"segment":"s"},{"segment":"t"}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	walk := func(fn func(Condition, func(string, Condition) bool)) string {
		var at []string
		fn(c, func(pointer string, n Condition) bool {
			at = append(at, fmt.Sprintf("%s %T", pointer, n))
			return true
		})
		return strings.ReplaceAll(strings.Join(at, "\n"), "*carpel.", "")
	}
	if got, want := walk(Walk), ` Group
/all/0 Activity
/all/0/first/where Group
/all/0/first/where/all/0 Property
/all/0/where Group
/all/0/where/all/0 Property
/all/0/where/all/0/value Group
/all/0/where/all/0/value/all/0 Property
/all/1 Not
/all/1/not Sequence
/all/1/not/sequence/0 Activity
/all/1/not/sequence/1/not Activity
/all/1/not/sequence/1/not/where Group
/all/1/not/sequence/1/not/where/all/0 Property
/all/2 Device
/all/2/where Group
/all/2/where/any/0 Property
/all/3 InSegment
/all/4 Group
/all/4/none/0 InSegment
/all/4/none/1 InSegment`; got != want {
		t.Errorf("got\n%s", got)
	}
	if got, want := walk(WalkOutside), ` Group
/all/0 Activity
/all/1 Not
/all/1/not Sequence
/all/2 Device
/all/3 InSegment
/all/4 Group
/all/4/none/0 InSegment
/all/4/none/1 InSegment`; got != want {
		t.Errorf("got\n%s", got)
	}
	if got := strings.Join(References(c), " "); got != "s t" {
		t.Errorf("references: %s", got)
	}
}

func TestNearest(t *testing.T) {
	for in, want := range map[string]string{"": "", "iss": "is", "greter_than": "greater_than", "contians": "contains", "EXISTS": "exists", "exists": "", "zzzzzz": "", strings.Repeat("a", 300): ""} {
		if got := Nearest(in, ops); got != want {
			t.Errorf("%q: got %q", in, got)
		}
	}
}
