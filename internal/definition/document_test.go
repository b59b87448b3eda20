package definition

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/carpel/carpel"
)

// example is a definition in the document, with what follows it.
type example struct {
	kind, body, reads string
	line              int
}

// examples returns the fenced blocks of docs/segment-language.md, and the sentence behind each.
func examples(t *testing.T, text string) []example {
	t.Helper()
	var found []example
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		if kind, ok := strings.CutPrefix(lines[i], "```"); ok {
			e := example{kind: kind, line: i + 1}
			for i++; lines[i] != "```"; i++ {
				e.body += lines[i] + "\n"
			}
			found = append(found, e)
			continue
		}
		if s, ok := strings.CutPrefix(lines[i], "Reads: "); ok {
			found[len(found)-1].reads = s
		}
	}
	return found
}

func document(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../../docs/segment-language.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestDocument parses every definition in the document, and holds definition, text form and sentence together.
func TestDocument(t *testing.T) {
	all := examples(t, document(t))
	parsed := 0
	var before carpel.Condition // the definition of the block before
	for _, e := range all {
		var c carpel.Condition
		var err error
		switch e.kind {
		case "": // the grammar
			before = nil
			continue
		case "json":
			c, err = carpel.ParseCondition([]byte(e.body))
		case "yaml":
			var b []byte
			if b, err = FromYAML([]byte(e.body)); err == nil {
				c, err = carpel.ParseCondition(b)
			}
		case "text":
			c, err = carpel.ParseText(e.body)
		default:
			t.Errorf("line %d: a block of kind %q", e.line, e.kind)
			continue
		}
		if err != nil {
			t.Errorf("line %d: %v", e.line, err)
			continue
		}
		parsed++
		if e.kind == "text" {
			if before == nil || carpel.Hash(c) != carpel.Hash(before) {
				t.Errorf("line %d: the text form is another definition: %s", e.line, carpel.Canonical(c))
			}
			if got := carpel.FormatText(c); got != strings.Join(strings.Fields(e.body), " ") {
				t.Errorf("line %d: the text form is written as %s", e.line, got)
			}
		}
		if e.reads != "" && e.reads != carpel.Sentence(c) {
			t.Errorf("line %d: it reads: %s", e.line, carpel.Sentence(c))
		}
		before = c
	}
	if parsed < 25 {
		t.Errorf("only %d examples were found", parsed)
	}
}

// TestDocumentTables holds what people type, and the first segments.
func TestDocumentTables(t *testing.T) {
	text := document(t)
	rows := regexp.MustCompile("(?m)^\\| `([^`]+)` \\| `([^`]+)` \\|$").FindAllStringSubmatch(text, -1)
	if len(rows) < 15 {
		t.Fatalf("only %d rows of what people type", len(rows))
	}
	for _, row := range rows {
		c, err := carpel.ParseText(row[1])
		if err != nil {
			t.Errorf("%s: %v", row[1], err)
		} else if got := carpel.FormatText(c); got != row[2] {
			t.Errorf("%s: is written back as %s", row[1], got)
		}
	}
	for _, s := range carpel.DefaultSegments() {
		if row := "| " + s.Name + " | `" + carpel.FormatText(s.Definition) + "` |"; !strings.Contains(text, row) {
			t.Errorf("missing: %s", row)
		}
	}
}

// TestDocumentNamesEverything looks for every word of the language in the document.
func TestDocumentNamesEverything(t *testing.T) {
	text := document(t)
	for _, word := range strings.Fields(`all any none not attribute event page page_name screen message device segment sequence sample op value match_case for where when
		is is_not is_any_of is_none_of contains does_not_contain starts_with ends_with does_not_start_with does_not_end_with matches does_not_match greater_than less_than
		at_least at_most between exists does_not_exist is_true is_false before after on within_last more_than_ago within_next more_than_ahead anniversary_within_next is_time
		has_item count days distinct sum avg min max first last regularly exactly more_than before_last from last_calendar_days this previous within percent seed action
		campaign link machine period of_last times`) {
		if !strings.Contains(text, "`"+word+"`") && !strings.Contains(text, `"`+word+`"`) {
			t.Errorf("%s is not in the document", word)
		}
	}
}
