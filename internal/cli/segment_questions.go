package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/api"
)

// moment is a time as a flag takes it, and as it is sent: RFC 3339, or a date, which is its midnight in the workspace's
// time zone.
type moment string

// UnmarshalText reads a moment.
func (m *moment) UnmarshalText(text []byte) error {
	if _, ok := carpel.ParseTime(string(text), time.UTC); !ok {
		return fmt.Errorf("%q is no time; write it like 2026-03-01 or 2026-03-01T00:00:00Z", text)
	}
	*m = moment(text)
	return nil
}

type segmentPreview struct {
	definitionFlags `embed:""`
	AsOf            moment `help:"Count as of another moment (RFC 3339, or a date); a future one tells what time alone will do." placeholder:"TIME"`
	Nodes           bool   `help:"Count every condition as well."`
	Sample          int    `help:"How many of the people to show." default:"5"`
}

// Run counts a definition.
func (c *segmentPreview) Run(ctx context.Context, t *terminal) error {
	def, err := c.parse(t.In)
	if err != nil {
		return err
	}
	body := map[string]any{"definition": def, "nodes": c.Nodes, "sample": c.Sample}
	if c.AsOf != "" {
		body["as_of"] = string(c.AsOf)
	}
	return t.with(ctx, func(cl *client) error {
		var p api.Preview
		raw, err := cl.call(ctx, "POST", "/api/segments/preview", nil, body, &p)
		if err != nil {
			return err
		}
		return t.show(raw, func() { t.preview(p, def) })
	})
}

func (t *terminal) preview(p api.Preview, def json.RawMessage) {
	fmt.Fprintf(t.Out, "%s of %s people  (exact, %.1f ms)\n%s\n", number(p.Count), number(p.People), p.TookMS, printable(p.Sentence))
	if len(p.Nodes) > 0 {
		fmt.Fprintln(t.Out)
		sentences := map[string]string{}
		if c, err := carpel.ParseCondition(def); err == nil {
			carpel.Walk(c, func(pointer string, n carpel.Condition) bool {
				sentences[pointer] = carpel.NodeSentence(n)
				return true
			})
		}
		var rows [][]string
		for _, n := range p.Nodes {
			without := "-"
			if n.Without != nil {
				without = number(*n.Without)
			}
			rows = append(rows, []string{number(n.Alone), number(n.Left), without, indent(n.Pointer) + sentences[n.Pointer]})
		}
		t.table([]string{"ALONE", "LEFT", "WITHOUT", "CONDITION"}, rows)
	}
	for _, w := range p.Warnings {
		fmt.Fprintf(t.Out, "! %s", printable(w.Message))
		if w.Suggestion != "" {
			fmt.Fprintf(t.Out, " Did you mean %q?", w.Suggestion)
		}
		fmt.Fprintln(t.Out)
	}
	if len(p.Sample) > 0 {
		fmt.Fprintln(t.Out)
		var rows [][]string
		for _, person := range p.Sample {
			rows = append(rows, []string{string(person.ID), string(person.Email), person.Key})
		}
		t.table([]string{"ID", "EMAIL", "KEY"}, rows)
	}
}

// indent shows how deep a condition lies: two blanks for each group around it.
func indent(pointer string) string {
	depth := 0
	for _, token := range strings.Split(pointer, "/") {
		if token == "all" || token == "any" || token == "none" || token == "not" {
			depth++
		}
	}
	return strings.Repeat("  ", depth)
}

type segmentExplain struct {
	Segment string `arg:"" help:"Id or key; or a definition as text."`
	Person  string `arg:"" help:"A key (p_…), id:…, email:…, or a bare id or email."`
	AsOf    moment `help:"Explain as of another moment (RFC 3339, or a date)." placeholder:"TIME"`
}

// Run explains a membership.
func (c *segmentExplain) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		body := map[string]any{"person": c.Person}
		if strings.ContainsAny(c.Segment, " {\"") {
			def, err := definitionFlags{Definition: c.Segment}.parse(t.In)
			if err != nil {
				return err
			}
			body["definition"] = def
		} else {
			body["segment"] = c.Segment
		}
		if c.AsOf != "" {
			body["as_of"] = string(c.AsOf)
		}
		var e struct {
			Person  api.PersonRow       `json:"person"`
			Matched bool                `json:"matched"`
			Tree    []api.ExplainedNode `json:"tree"`
		}
		raw, err := cl.call(ctx, "POST", "/api/people/explain", nil, body, &e)
		if err != nil {
			return err
		}
		return t.show(raw, func() {
			who := string(e.Person.ID)
			if who == "" {
				who = string(e.Person.Email)
			}
			in := "NOT IN"
			if e.Matched {
				in = "IN"
			}
			fmt.Fprintf(t.Out, "%s is %s\n\n", printable(who), in)
			for _, n := range e.Tree {
				t.explained(n)
			}
		})
	})
}

func (t *terminal) explained(n api.ExplainedNode) {
	mark := "✗"
	if n.Matched {
		mark = "✓"
	}
	pad := indent(n.Pointer)
	fmt.Fprintf(t.Out, "%s%s %s", pad, mark, printable(n.Sentence))
	if n.Actual != "" {
		fmt.Fprintf(t.Out, "   (%s)", printable(n.Actual))
	}
	fmt.Fprintln(t.Out)
	line := pad + "    since " + day(n.Since)
	if n.NextChange != carpel.Never {
		line += ", changes by itself at " + day(n.NextChange)
	}
	fmt.Fprintln(t.Out, line)
	for _, ev := range n.Evidence {
		line := fmt.Sprintf("%s    %s  %s %s", pad, day(ev.At), printable(ev.Name), printable(ev.Value.Text()))
		fmt.Fprintln(t.Out, strings.TrimRight(line, " "))
	}
}

func day(m carpel.Millis) string { return m.Time().Format("2006-01-02 15:04:05") }

type segmentImpact struct {
	Segment         string `arg:"" help:"Id or key."`
	definitionFlags `embed:""`
}

// Run says what saving a definition would do.
func (c *segmentImpact) Run(ctx context.Context, t *terminal) error {
	def, err := c.parse(t.In)
	if err != nil {
		return err
	}
	return t.with(ctx, func(cl *client) error {
		var m api.Impact
		raw, err := cl.call(ctx, "POST", "/api/segments/"+url.PathEscape(c.Segment)+"/impact", nil, map[string]any{"definition": def}, &m)
		if err != nil {
			return err
		}
		return t.show(raw, func() {
			fmt.Fprintf(t.Out, "%s people become %s: %s would join, %s would leave, %s would stay\n", number(m.Leave+m.Stay), number(m.Join+m.Stay), number(m.Join), number(m.Leave), number(m.Stay))
			rows := [][]string{}
			for _, s := range m.Segments {
				rows = append(rows, []string{s.Name, number(s.Join), number(s.Leave)})
			}
			if len(rows) > 0 {
				fmt.Fprintln(t.Out, "\nSegments that refer to it:")
				t.table([]string{"NAME", "WOULD JOIN", "WOULD LEAVE"}, rows)
			}
		})
	})
}
