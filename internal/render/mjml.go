package render

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/preslavrachev/gomjml/mjml"

	"github.com/carpel/carpel"
)

// fromMJML turns tokens of MJML into tokens of HTML. It is done once for a version of a template: Liquid goes through as
// marks, so that what a person is never meets the MJML compiler. A tag between elements that hold elements alone is put
// into an mj-raw; a mark that gets lost on the way is an error at its place.
func fromMJML(pointer string, tokens []token) ([]token, error) {
	known := withEntities(tokens)
	source := wrapTags(mark(known), known)
	if err := checkMJML(pointer, source); err != nil {
		return nil, err
	}
	page, err := compileMJML(source)
	if err != nil {
		return nil, &carpel.Error{Code: carpel.CodeInvalid, Pointer: pointer, Message: "this is not MJML: " + withoutMarks(err.Error(), known)}
	}
	if n := len(page); n > carpel.MaxRendered {
		return nil, &carpel.Error{Code: carpel.CodeTooLarge, Pointer: pointer, Limit: carpel.MaxRendered, Actual: int64(n),
			Message: carpel.TooLarge("the HTML of this MJML", int64(n), carpel.MaxRendered)}
	}
	out, times := unmark(page, known)
	for i, t := range known {
		if times[i] == 0 && (t.kind == outputToken || t.kind == tagToken) {
			return nil, t.at.fault(pointer, "MJML does not take Liquid at this place: it would be lost. In text, and in addresses, it may stand anywhere; "+
				"around elements it may stand as {%% … %%}")
		}
	}
	return out, nil
}

// compileMJML compiles, and makes an error of what panics. The options are those of the library: nothing is read from
// files, and nothing is kept.
func compileMJML(source string) (page string, err error) {
	defer func() {
		if p := recover(); p != nil {
			page, err = "", fmt.Errorf("it cannot be compiled")
		}
	}()
	page, err = mjml.Render(source)
	if err == nil && page == "MJML badly formatted" {
		err = fmt.Errorf("there is no mj-body")
	}
	return page, err
}

var entity = regexp.MustCompile(`&(?:lt|gt|quot|apos|amp);`)

// withEntities makes tokens of the entities for signs of markup: the library would make those signs of them.
func withEntities(tokens []token) (out []token) {
	for _, t := range tokens {
		if t.kind != textToken {
			out = append(out, t)
			continue
		}
		from := 0
		for _, at := range entity.FindAllStringIndex(t.text, -1) {
			out = append(out, token{kind: textToken, text: t.text[from:at[0]]}, token{kind: keptToken, text: t.text[at[0]:at[1]]})
			from = at[1]
		}
		out = append(out, token{kind: textToken, text: t.text[from:]})
	}
	return out
}

// holders are the elements that hold elements alone: text in them is lost.
var holders = map[string]bool{"mj-body": true, "mj-section": true, "mj-column": true, "mj-wrapper": true, "mj-group": true, "mj-hero": true}

var (
	element = regexp.MustCompile(`<!--|<(/?)([a-zA-Z][a-zA-Z0-9-]*)`)
	marked  = regexp.MustCompile(fmt.Sprintf("%c([0-9]+)%c", markBegin, markEnd))
)

// wrapTags puts the marks of tags that stand between elements into mj-raw.
func wrapTags(source string, known []token) string {
	var b strings.Builder
	inside := ""       // the holder whose text this is; "" for something else
	open := []string{} // elements of MJML that are open
	for source != "" {
		at := element.FindStringSubmatchIndex(source)
		end := len(source)
		if at != nil {
			end = at[0]
		}
		text := source[:end]
		if inside != "" {
			text = marked.ReplaceAllStringFunc(text, func(m string) string {
				if _, i, _, ok := cutMark(m); ok && i < len(known) && known[i].kind == tagToken {
					return "<mj-raw>" + m + "</mj-raw>"
				}
				return m
			})
		}
		b.WriteString(text)
		if at == nil {
			break
		}
		name := ""
		if at[4] >= 0 { // no comment
			name = source[at[4]:at[5]]
		}
		var tag string
		tag, source = wholeTag(source[at[0]:])
		b.WriteString(tag)
		if strings.HasPrefix(name, "mj") {
			switch {
			case strings.HasPrefix(tag, "</"):
				if len(open) > 0 {
					open = open[:len(open)-1]
				}
			case !strings.HasSuffix(tag, "/>"):
				open = append(open, name)
			}
		}
		inside = ""
		if n := len(open); n > 0 && holders[open[n-1]] {
			inside = open[n-1]
		}
	}
	return b.String()
}

// wholeTag cuts a tag, or a comment, off the front of a text.
func wholeTag(s string) (tag, after string) {
	if strings.HasPrefix(s, "<!--") {
		if n := strings.Index(s, "-->"); n >= 0 {
			return s[:n+3], s[n+3:]
		}
		return s, ""
	}
	quote := byte(0)
	for i := range len(s) {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return s[:i+1], s[i+1:]
		}
	}
	return s, ""
}

// checkMJML refuses what the compiler should not see: files, and nesting without end.
func checkMJML(pointer, source string) error {
	lower := strings.ToLower(source)
	for _, name := range []string{"<mj-include", "<!doctype", "<!entity"} {
		if strings.Contains(lower, name) {
			return &carpel.Error{Code: carpel.CodeInvalid, Pointer: pointer, Message: name[1:] + " is not available: a template holds all of its text itself"}
		}
	}
	depth, deepest := 0, 0
	elements := 0
	for rest := source; rest != ""; {
		at := element.FindStringSubmatchIndex(rest)
		if at == nil {
			break
		}
		name := ""
		if at[4] >= 0 { // no comment
			name = strings.ToLower(rest[at[4]:at[5]])
		}
		var tag string
		tag, rest = wholeTag(rest[at[0]:])
		elements++
		switch {
		case strings.HasPrefix(tag, "</"):
			depth--
		case name == "", strings.HasSuffix(tag, "/>"), isVoid(name):
		default:
			depth++
		}
		deepest = max(deepest, depth)
	}
	const most, nesting = 5000, 8 * carpel.MaxTemplateNesting
	if deepest > nesting {
		return &carpel.Error{Code: carpel.CodeLimit, Pointer: pointer, Limit: nesting, Actual: int64(deepest), Message: "the elements are nested too deeply"}
	}
	if elements > 2*most {
		return &carpel.Error{Code: carpel.CodeLimit, Pointer: pointer, Limit: most, Actual: int64(elements / 2), Message: fmt.Sprintf("there are more than %d elements", most)}
	}
	return nil
}

// withoutMarks shows a message of the compiler with the Liquid that the marks stand for.
func withoutMarks(s string, known []token) string {
	s = marked.ReplaceAllStringFunc(s, func(m string) string {
		if _, i, _, ok := cutMark(m); ok && i < len(known) && known[i].kind == outputToken {
			return "{{ " + known[i].text + " }}"
		}
		return "…"
	})
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:300], "") + "…"
	}
	return strings.Join(strings.Fields(s), " ")
}
