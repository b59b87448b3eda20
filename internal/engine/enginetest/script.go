package enginetest

import (
	"encoding/json"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/carpel/carpel"
)

// The language of the scripts.
//
// A file holds cases; a case begins with "case NAME" and runs on an engine of its own. A line is one statement; a line
// that begins with a blank goes on with the one before; # begins a comment. What stands behind -> is what must come of
// it. Times are UTC unless they have an offset.
//
//	zone Europe/Berlin                the workspace's zone; later in a case it changes the zone
//	at 2026-03-01 12:00:00            sets the clock, evaluating nothing (a case begins at 2026-03-01 12:00:00)
//	advance 30d                       moves the clock, and evaluates what time made due; also: advance to TIME
//	identify ana plan=pro seats=5     sets attributes; null removes; values are JSON, or a text without quotes
//	event ana "Order Completed" total=120.5 $context.campaign={"name":"x"}
//	page ana https://acme.com/docs "Docs"
//	screen ana Home
//	message ana email clicked campaign=c1 link=https://… machine
//	device ana TOKEN ios app_version=2.1 last_used=@now-1d        undevice ana TOKEN
//	alias ana OTHER      merge ana OTHER      erase ana      suppress ana      unsuppress ana
//	add vips ana bob     remove vips ana      members of a manual segment
//	batch … end                       the items between are one commit
//	segment pro: plan is pro          defines a segment, in text or JSON; again: a new version
//	manual vips                       a manual segment
//	drop pro    pause pro    resume pro    restart
//
// A person is a user id (ana), an email (ana@acme.com), an anonymous id (~v1), or two of them: ana~v1, ana,ana@acme.com.
// An item may end with a time (@2026-02-27, @2026-02-27T10:00:00.5, @now-30d+1ms), a message id (#m1), and !import,
// !public or !update-only.
//
//	identify ana plan=pro -> refused suppressed        also: warned CODE, repeated, waiting
//	segment a: in segment a -> refused cycle
//	members pro -> ana bob            or nobody
//	entered pro ana -> TIME           the time of entry
//	who: plan is pro -> ana           asked as a preview, as explanations and as a segment
//	who as of TIME: plan is pro -> ana
//	why ana: plan is pro -> yes since TIME next TIME   each part may be left out; next never
//	why ana /all/1: … -> no           of one node
//	changes -> +pro ana data, -pro bob time            the feed since the last such line, or nothing
//	person ana -> plan=pro $ids=ana,bob $first_seen_at=TIME $activity=3     null: unset
//	invalid: {"attribute":"a"} -> CODE /pointer        the definition is refused

// scriptCase is one named block of a script.
type scriptCase struct {
	name  string
	lines []scriptLine
}

// scriptLine is one statement.
type scriptLine struct {
	at     string // file and line
	text   string // what is done or asked
	wanted string // what stands behind ->
}

// parseScript splits a file into its cases.
func parseScript(file, source string) ([]scriptCase, error) {
	var cases []scriptCase
	for i, raw := range strings.Split(source, "\n") {
		at := fmt.Sprintf("%s:%d", path.Base(file), i+1)
		text := strings.TrimSpace(raw)
		switch {
		case text == "" || strings.HasPrefix(text, "#"):
		case strings.HasPrefix(raw, "case "):
			cases = append(cases, scriptCase{name: strings.TrimSpace(text[5:])})
		case len(cases) == 0:
			return nil, fmt.Errorf("%s: a statement before the first case", at)
		case raw[0] == ' ' || raw[0] == '\t':
			c := &cases[len(cases)-1]
			if len(c.lines) == 0 {
				return nil, fmt.Errorf("%s: a line that goes on with nothing", at)
			}
			c.lines[len(c.lines)-1].text += " " + text
		default:
			c := &cases[len(cases)-1]
			c.lines = append(c.lines, scriptLine{at: at, text: text})
		}
	}
	for i := range cases {
		for j := range cases[i].lines {
			l := &cases[i].lines[j]
			if arrow := strings.LastIndex(l.text, " -> "); arrow >= 0 {
				l.text, l.wanted = strings.TrimSpace(l.text[:arrow]), strings.TrimSpace(l.text[arrow+4:])
			}
		}
	}
	return cases, nil
}

// words splits a statement at its blanks, but for those in quotes, brackets and braces.
func words(text string) []string {
	var out []string
	depth, quoted, start := 0, false, -1
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quoted && c == '\\':
			i++
			continue
		case c == '"':
			quoted = !quoted
		case !quoted && (c == '{' || c == '['):
			depth++
		case !quoted && (c == '}' || c == ']'):
			depth--
		}
		if c == ' ' && !quoted && depth == 0 {
			if start >= 0 {
				out = append(out, text[start:i])
			}
			start = -1
		} else if start < 0 {
			start = i
		}
	}
	if start >= 0 {
		out = append(out, text[start:])
	}
	return out
}

// unquote returns the text of a word that may stand in quotes.
func unquote(word string) string {
	var s string
	if strings.HasPrefix(word, `"`) && json.Unmarshal([]byte(word), &s) == nil {
		return s
	}
	return word
}

// scriptValue reads a value: JSON, a time behind @, or a text without quotes.
func (r *scriptRun) scriptValue(word string) (carpel.Value, error) {
	if strings.HasPrefix(word, "@") {
		t, err := r.parseTime(word[1:])
		return carpel.TextValue(t.String()), err
	}
	if json.Valid([]byte(word)) {
		return carpel.JSONValue([]byte(word))
	}
	return carpel.TextValue(word), nil
}

// parseTime reads "now-30d+1ms", a date, a date and a time, or RFC 3339.
func (r *scriptRun) parseTime(s string) (carpel.Millis, error) {
	if s == "never" {
		return carpel.Never, nil
	}
	if rest, ok := strings.CutPrefix(s, "now"); ok {
		at := carpel.MillisOf(r.clock.now)
		for rest != "" {
			end := 1 + strings.IndexAny(rest[1:]+"+", "+-")
			d, err := scriptDuration(rest[1:end])
			if err != nil {
				return 0, err
			}
			if rest[0] == '-' {
				d = -d
			}
			at, rest = at+d, rest[end:]
		}
		return at, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999", "2006-01-02 15:04:05.999", "2006-01-02T15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return carpel.MillisOf(t), nil
		}
	}
	return 0, fmt.Errorf("%q is no time", s)
}

// scriptDuration reads "30d", "1ms", or several parts in one: "29d23h59m".
func scriptDuration(s string) (carpel.Millis, error) {
	units := map[string]carpel.Millis{"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
	var total carpel.Millis
	for rest := s; rest != ""; {
		n := 0
		for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
			n++
		}
		u := n
		for u < len(rest) && (rest[u] < '0' || rest[u] > '9') {
			u++
		}
		amount, err := strconv.ParseInt(rest[:n], 10, 64)
		unit, ok := units[rest[n:u]]
		if err != nil || !ok {
			return 0, fmt.Errorf("%q is no duration", s)
		}
		total, rest = total+carpel.Millis(amount)*unit, rest[u:]
	}
	return total, nil
}

// parseRef reads a person.
func parseRef(word string) carpel.PersonRef {
	var ref carpel.PersonRef
	word, ref.AnonymousID, _ = strings.Cut(word, "~")
	for _, id := range strings.Split(word, ",") {
		if strings.Contains(id, "@") {
			ref.Email = id
		} else {
			ref.UserID = id
		}
	}
	return ref
}

// refName is how a script calls a person: the id that decides.
func refName(ref carpel.PersonRef) string {
	switch {
	case ref.UserID != "":
		return ref.UserID
	case ref.Email != "":
		return ref.Email
	}
	return "~" + ref.AnonymousID
}

// parseDefinition reads a definition in JSON or text.
func parseDefinition(s string) (carpel.Condition, error) {
	if strings.HasPrefix(s, "{") {
		return carpel.ParseCondition([]byte(s))
	}
	return carpel.ParseText(s)
}
