package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/api"
	"github.com/carpel/carpel/internal/definition"
)

type segmentCommand struct {
	List    segmentList    `cmd:"" help:"List segments."`
	Show    segmentShow    `cmd:"" help:"Show one segment."`
	Create  segmentCreate  `cmd:"" help:"Create a segment."`
	Delete  segmentDelete  `cmd:"" help:"Delete a segment."`
	Preview segmentPreview `cmd:"" help:"Count a definition before it is saved."`
	Explain segmentExplain `cmd:"" help:"Say why a person is in a segment, or is not."`
	Members segmentMembers `cmd:"" help:"List the people in a segment, or edit those of a manual one."`
	Changes segmentChanges `cmd:"" help:"Show who entered and left."`
	Diff    segmentDiff    `cmd:"" help:"Compare a folder of YAML files with the server."`
	Apply   segmentApply   `cmd:"" help:"Make the server's segments as a folder of YAML files says."`
}

// definitionFlags say how a definition is given: as text in the argument, or in a file.
type definitionFlags struct {
	Definition string `arg:"" optional:"" help:"The definition: text ('plan is pro and …'), or JSON."`
	File       string `short:"f" help:"Read the definition from a file: text, JSON or YAML; - for standard input." placeholder:"FILE"`
}

// parse returns the definition in canonical JSON.
func (d definitionFlags) parse(in io.Reader) (json.RawMessage, error) {
	text := d.Definition
	switch {
	case (d.Definition == "") == (d.File == ""):
		return nil, fmt.Errorf("give a definition, or a file with one: -f FILE")
	case d.File == "-":
		b, err := io.ReadAll(in)
		if err != nil {
			return nil, err
		}
		text = string(b)
	case d.File != "":
		b, err := os.ReadFile(d.File)
		if err != nil {
			return nil, err
		}
		text = string(b)
	}
	if ext := strings.ToLower(d.File); strings.HasSuffix(ext, ".yaml") || strings.HasSuffix(ext, ".yml") {
		b, err := definition.FromYAML([]byte(text))
		if err != nil {
			return nil, err
		}
		text = string(b)
	}
	var c carpel.Condition
	var err error
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		c, err = carpel.ParseCondition([]byte(text))
	} else {
		c, err = carpel.ParseText(strings.TrimSpace(text))
	}
	if err != nil {
		return nil, err
	}
	return carpel.Canonical(c), nil
}

type segmentList struct {
	Search string `help:"Part of the name, key or description."`
	Tag    string `help:"Only with this tag."`
	State  string `help:"Only in this state (building, live, paused, failed, archived)."`
}

// Run lists segments.
func (c *segmentList) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		all, err := cl.segments(ctx, url.Values{"search": {c.Search}, "tag": {c.Tag}, "state": {c.State}})
		if err != nil {
			return err
		}
		return t.show(all, func() {
			var rows [][]string
			for _, s := range all {
				state := string(s.State)
				if s.Progress < 1 {
					state += fmt.Sprintf(" %.0f%%", 100*s.Progress)
				}
				rows = append(rows, []string{s.Key, number(s.Count), state, s.Name, s.Sentence})
			}
			t.table([]string{"KEY", "PEOPLE", "STATE", "NAME", "READS"}, rows)
		})
	})
}

// segments reads every page of the list.
func (c *client) segments(ctx context.Context, query url.Values) ([]api.Segment, error) {
	for k, v := range query {
		if v[0] == "" {
			delete(query, k)
		}
	}
	all := []api.Segment{}
	for {
		var page struct {
			Segments []api.Segment `json:"segments"`
			Next     string        `json:"next"`
		}
		if _, err := c.call(ctx, "GET", "/api/segments", query, nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Segments...)
		if page.Next == "" {
			return all, nil
		}
		query.Set("after", page.Next)
	}
}

type segmentShow struct {
	Segment string `arg:"" help:"Id or key."`
}

// Run shows one segment.
func (c *segmentShow) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		var s api.Segment
		if _, err := cl.call(ctx, "GET", "/api/segments/"+url.PathEscape(c.Segment), nil, nil, &s); err != nil {
			return err
		}
		return t.show(s, func() { t.segment(s) })
	})
}

func (t *terminal) segment(s api.Segment) {
	fmt.Fprintf(t.Out, "%s  (%s, %s)\n", printable(s.Name), s.Key, s.ID)
	if s.Description != "" {
		fmt.Fprintln(t.Out, printable(s.Description))
	}
	if s.Kind == carpel.Manual {
		fmt.Fprintln(t.Out, "\nPeople are put in and taken out by hand.")
	} else {
		fmt.Fprintf(t.Out, "\n%s\n", printable(s.Sentence))
	}
	fmt.Fprintf(t.Out, "\n%s people, %s", number(s.Count), s.State)
	if s.Progress < 1 {
		fmt.Fprintf(t.Out, " (%.0f %% built)", 100*s.Progress)
	}
	fmt.Fprintf(t.Out, ", version %d\n", s.Version)
	if s.Reason != "" {
		fmt.Fprintln(t.Out, "Reason:", printable(s.Reason))
	}
	if len(s.UsedIn) > 0 {
		fmt.Fprintln(t.Out, "Used in:", strings.Join(s.UsedIn, ", "))
	}
}

type segmentCreate struct {
	Name            string   `help:"The segment's name." required:""`
	Key             string   `name:"slug" help:"Its key; made from the name if not given." placeholder:"KEY"`
	Description     string   `help:"What it is for."`
	Tag             []string `help:"Tags."`
	Manual          bool     `help:"People are put in by hand: no definition."`
	NoWait          bool     `help:"Do not wait for the build."`
	definitionFlags `embed:""`
}

// Run creates a segment and waits for its build.
func (c *segmentCreate) Run(ctx context.Context, t *terminal) error {
	body := map[string]any{"name": c.Name, "kind": carpel.Dynamic}
	if c.Manual {
		body["kind"] = carpel.Manual
	} else {
		def, err := c.parse(t.In)
		if err != nil {
			return err
		}
		body["definition"] = def
	}
	for name, v := range map[string]string{"key": c.Key, "description": c.Description} {
		if v != "" {
			body[name] = v
		}
	}
	if len(c.Tag) > 0 {
		body["tags"] = c.Tag
	}
	return t.with(ctx, func(cl *client) error {
		var s api.Segment
		if _, err := cl.call(ctx, "POST", "/api/segments", nil, body, &s); err != nil {
			return err
		}
		if !c.NoWait {
			var err error
			if s, err = t.waitBuilt(ctx, cl, s.ID); err != nil {
				return err
			}
		}
		return t.show(s, func() { t.segment(s) })
	})
}

// waitBuilt waits until no build of the segment is under way, with a bar.
func (t *terminal) waitBuilt(ctx context.Context, c *client, id string) (api.Segment, error) {
	bar := t.progress(100, "building", false)
	defer bar.Finish()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		var s api.Segment
		if _, err := c.call(ctx, "GET", "/api/segments/"+id, nil, nil, &s); err != nil {
			return s, err
		}
		if s.State != carpel.StateBuilding {
			return s, nil
		}
		_ = bar.Set(int(100 * s.Progress)) // drawing only
		select {
		case <-ctx.Done():
			return s, ctx.Err()
		case <-tick.C:
		}
	}
}

type segmentDelete struct {
	Segment string `arg:"" help:"Id or key."`
}

// Run deletes a segment.
func (c *segmentDelete) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		_, err := cl.call(ctx, "DELETE", "/api/segments/"+url.PathEscape(c.Segment), nil, nil, nil)
		if err == nil {
			fmt.Fprintln(t.Err, "Deleted", c.Segment)
		}
		return err
	})
}

type segmentPreview struct {
	definitionFlags `embed:""`
	AsOf            time.Time `help:"Count as of another moment (RFC 3339); a future one tells what time alone will do." format:"2006-01-02T15:04:05Z07:00" placeholder:"TIME"`
	Nodes           bool      `help:"Count every condition as well."`
	Sample          int       `help:"How many of the people to show." default:"5"`
}

// Run counts a definition.
func (c *segmentPreview) Run(ctx context.Context, t *terminal) error {
	def, err := c.parse(t.In)
	if err != nil {
		return err
	}
	body := map[string]any{"definition": def, "nodes": c.Nodes, "sample": c.Sample}
	if !c.AsOf.IsZero() {
		body["as_of"] = c.AsOf
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
	Segment string    `arg:"" help:"Id or key; or a definition as text."`
	Person  string    `arg:"" help:"A key (p_…), id:…, email:…, or a bare id or email."`
	AsOf    time.Time `help:"Explain as of another moment (RFC 3339)." format:"2006-01-02T15:04:05Z07:00" placeholder:"TIME"`
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
		if !c.AsOf.IsZero() {
			body["as_of"] = c.AsOf
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
		fmt.Fprintf(t.Out, "%s    %s  %s %s\n", pad, day(ev.At), printable(ev.Name), printable(ev.Value.Text()))
	}
}

func day(m carpel.Millis) string { return m.Time().Format("2006-01-02 15:04:05") }

type segmentMembers struct {
	Segment string   `arg:"" help:"Id or key."`
	Limit   int      `help:"How many to show; carpel export members streams all." default:"50"`
	Add     []string `help:"Manual segments: put these people in." placeholder:"PERSON"`
	Remove  []string `help:"Manual segments: take these people out." placeholder:"PERSON"`
}

// Run lists or edits members.
func (c *segmentMembers) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		path := "/api/segments/" + url.PathEscape(c.Segment) + "/members"
		if len(c.Add)+len(c.Remove) > 0 {
			var edit api.MemberEdit
			raw, err := cl.call(ctx, "POST", path, nil, map[string]any{"add": c.Add, "remove": c.Remove}, &edit)
			if err != nil {
				return err
			}
			return t.show(raw, func() {
				fmt.Fprintf(t.Out, "%d put in, %d taken out\n", edit.Added, edit.Removed)
				for _, u := range edit.Unknown {
					fmt.Fprintln(t.Out, "nobody is known as", printable(u))
				}
			})
		}
		var page struct {
			Members []carpel.Member `json:"members"`
			Next    string          `json:"next"`
		}
		raw, err := cl.call(ctx, "GET", path, url.Values{"limit": {strconv.Itoa(c.Limit)}}, nil, &page)
		if err != nil {
			return err
		}
		return t.show(raw, func() {
			var rows [][]string
			for _, m := range page.Members {
				rows = append(rows, []string{m.UserID, m.Email, day(m.EnteredAt), m.Key})
			}
			t.table([]string{"ID", "EMAIL", "SINCE", "KEY"}, rows)
			if page.Next != "" {
				fmt.Fprintf(t.Out, "… and more: carpel export members %s\n", c.Segment)
			}
		})
	})
}

type segmentChanges struct {
	Segment string `arg:"" help:"Id or key."`
	Limit   int    `help:"How many to show." default:"50"`
	After   string `help:"Cursor; the oldest kept if not given."`
}

// Run shows the feed.
func (c *segmentChanges) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		var page struct {
			Changes []carpel.Change `json:"changes"`
			Next    string          `json:"next"`
		}
		raw, err := cl.call(ctx, "GET", "/api/segments/"+url.PathEscape(c.Segment)+"/changes", url.Values{"limit": {strconv.Itoa(c.Limit)}, "after": {c.After}}, nil, &page)
		if err != nil {
			return err
		}
		return t.show(raw, func() {
			var rows [][]string
			for _, ch := range page.Changes {
				who := ch.UserID
				if who == "" {
					who = ch.Email
				}
				rows = append(rows, []string{day(ch.At), ch.Change, string(ch.Cause), who, ch.Person})
			}
			t.table([]string{"AT", "CHANGE", "CAUSE", "WHO", "KEY"}, rows)
		})
	})
}
