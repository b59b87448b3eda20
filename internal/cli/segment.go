package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/api"
	"github.com/carpel/carpel/internal/definition"
)

type segmentCommand struct {
	List    segmentList    `cmd:"" help:"List segments."`
	Show    segmentShow    `cmd:"" help:"Show one segment."`
	Create  segmentCreate  `cmd:"" help:"Create a segment."`
	Edit    segmentEdit    `cmd:"" help:"Change a segment's name, description, tags or definition."`
	Pause   segmentState   `cmd:"" help:"Freeze a segment: its members stay, nothing is told."`
	Resume  segmentState   `cmd:"" help:"Go on with a paused segment; what changed meanwhile is told now."`
	Archive segmentState   `cmd:"" help:"Put a segment away: seen nowhere, no work; its definition, or its members put in by hand, are kept."`
	Restore segmentState   `cmd:"" help:"Bring an archived segment back."`
	Cancel  segmentState   `cmd:"" help:"Stop the build under way."`
	Delete  segmentDelete  `cmd:"" help:"Delete a segment."`
	Impact  segmentImpact  `cmd:"" help:"Say what another definition would do: who would join, who would leave."`
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
		return nil, calledWrongly{"give a definition, or a file with one: -f FILE"}
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
