package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/api"
	"github.com/carpel/carpel/internal/definition"
)

// segmentFile is a segment as a file keeps it: KEY.yaml in a folder.
//
//	name: Power users
//	description: Active on at least 10 different days of the last 30.
//	tags: [engagement]
//	text: did "*" on at least 10 days in the last 30d
//
// The definition is given as text, or as a tree under definition; a file with kind: manual has neither.
type segmentFile struct {
	Key         string             `json:"-"`
	Name        string             `json:"name"`
	Description string             `json:"description,omitempty"`
	Tags        []string           `json:"tags,omitempty"`
	Kind        carpel.SegmentKind `json:"kind,omitempty"`
	Text        string             `json:"text,omitempty"`
	Definition  json.RawMessage    `json:"definition,omitempty"`

	condition carpel.Condition
}

type segmentDiff struct {
	Folder string `arg:"" help:"A folder of KEY.yaml files." type:"existingdir"`
}

type segmentApply struct {
	Folder string `arg:"" help:"A folder of KEY.yaml files; --export makes it." type:"path"`
	Prune  bool   `help:"Delete segments that no file names."`
	DryRun bool   `help:"Say what would be done."`
	Export bool   `help:"The other way round: write the server's segments into the folder."`
}

// step is one difference between the files and the server.
type step struct {
	Action string `json:"action"` // create, update, delete
	Key    string `json:"key"`
	What   string `json:"what"`
	file   *segmentFile
	id     string
}

// Run compares; the exit code is 3 when there are differences.
func (c *segmentDiff) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		steps, err := cl.compare(ctx, c.Folder)
		if err != nil {
			return err
		}
		if err := t.show(orEmpty(steps), func() { t.steps(steps) }); err != nil {
			return err
		}
		if len(steps) > 0 {
			return notInOrder{difference(steps, c.Folder)}
		}
		return nil
	})
}

// difference counts the steps and names the command that takes them all.
func difference(steps []step, folder string) string {
	prune := ""
	if slices.ContainsFunc(steps, func(s step) bool { return s.Action == "delete" }) {
		prune = "--prune "
	}
	if len(steps) == 1 {
		return fmt.Sprintf("1 difference; carpel segment apply %s%s makes the server so", prune, folder)
	}
	return fmt.Sprintf("%d differences; carpel segment apply %s%s makes the server so", len(steps), prune, folder)
}

func orEmpty[T any](xs []T) []T {
	if xs == nil {
		return []T{}
	}
	return xs
}

func (t *terminal) steps(steps []step) {
	if len(steps) == 0 {
		fmt.Fprintln(t.Out, "The server is as the files say.")
		return
	}
	var rows [][]string
	for _, s := range steps {
		rows = append(rows, []string{s.Action, s.Key, s.What})
	}
	t.table([]string{"ACTION", "KEY", "WHAT"}, rows)
}

// Run makes the server as the files say.
func (c *segmentApply) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		if c.Export {
			return cl.writeFiles(ctx, t, c.Folder)
		}
		steps, err := cl.compare(ctx, c.Folder)
		if err != nil {
			return err
		}
		all := len(steps)
		if !c.Prune {
			steps = slices.DeleteFunc(steps, func(s step) bool { return s.Action == "delete" })
		}
		if !c.DryRun {
			for _, s := range steps {
				if err := cl.apply(ctx, t, s); err != nil {
					return fmt.Errorf("%s %s: %w", s.Action, s.Key, err)
				}
			}
		}
		if left := all - len(steps); left > 0 {
			fmt.Fprintf(t.Err, "Segments that no file names stay (%d); --prune deletes them.\n", left)
			if len(steps) == 0 && t.Output != "json" {
				return nil
			}
		}
		return t.show(orEmpty(steps), func() { t.steps(steps) })
	})
}

func (c *client) apply(ctx context.Context, t *terminal, s step) error {
	if s.Action == "delete" {
		_, err := c.call(ctx, "DELETE", "/api/segments/"+s.id, nil, nil, nil)
		return err
	}
	body := map[string]any{"name": s.file.Name, "description": s.file.Description, "tags": orEmpty(s.file.Tags)}
	if s.file.condition != nil {
		body["definition"] = json.RawMessage(carpel.Canonical(s.file.condition))
	}
	var made api.Segment
	var err error
	if s.Action == "create" {
		body["key"], body["kind"] = s.Key, s.file.Kind
		_, err = c.call(ctx, "POST", "/api/segments", nil, body, &made)
	} else {
		_, err = c.call(ctx, "PUT", "/api/segments/"+s.id, nil, body, &made)
	}
	if err != nil {
		return err
	}
	// The next file may refer to this segment, which needs its first build.
	_, err = t.waitBuilt(ctx, c, made.ID)
	return err
}

// compare says what differs, in an order in which it can be applied: what is referred to comes first.
func (c *client) compare(ctx context.Context, folder string) ([]step, error) {
	files, err := readFiles(folder)
	if err != nil {
		return nil, err
	}
	have, err := c.segments(ctx, url.Values{})
	if err != nil {
		return nil, err
	}
	byKey := map[string]api.Segment{}
	for _, s := range have {
		byKey[s.Key] = s
	}
	var steps []step
	named := map[string]bool{}
	for _, f := range inOrder(files) {
		named[f.Key] = true
		s, ok := byKey[f.Key]
		if !ok {
			what := "people put in by hand"
			if f.condition != nil {
				what = carpel.Sentence(f.condition)
			}
			steps = append(steps, step{Action: "create", Key: f.Key, What: what, file: f})
			continue
		}
		if what := f.differs(s); what != "" {
			steps = append(steps, step{Action: "update", Key: f.Key, What: what, file: f, id: s.ID})
		}
	}
	for _, s := range slices.Backward(have) {
		if !named[s.Key] {
			steps = append(steps, step{Action: "delete", Key: s.Key, What: "no file names it (only with --prune)", id: s.ID})
		}
	}
	return steps, nil
}

// differs says what of the server's segment is not as the file says; "" when nothing.
func (f *segmentFile) differs(s api.Segment) string {
	var what []string
	if f.Name != s.Name {
		what = append(what, fmt.Sprintf("name %q → %q", s.Name, f.Name))
	}
	if f.Description != s.Description {
		what = append(what, "description")
	}
	if !slices.Equal(f.Tags, s.Tags) && len(f.Tags)+len(s.Tags) > 0 {
		what = append(what, "tags")
	}
	if f.condition != nil && !bytes.Equal(carpel.Canonical(f.condition), s.Definition) {
		what = append(what, fmt.Sprintf("%s → %s", s.Sentence, carpel.Sentence(f.condition)))
	}
	return strings.Join(what, "; ")
}

// inOrder puts files behind those they refer to. Files in a cycle keep their order; the server refuses them.
func inOrder(files []*segmentFile) []*segmentFile {
	byKey := map[string]*segmentFile{}
	for _, f := range files {
		byKey[f.Key] = f
	}
	var out []*segmentFile
	seen := map[string]bool{}
	var visit func(f *segmentFile)
	visit = func(f *segmentFile) {
		if seen[f.Key] {
			return
		}
		seen[f.Key] = true
		if f.condition != nil {
			for _, ref := range carpel.References(f.condition) {
				if other := byKey[ref]; other != nil {
					visit(other)
				}
			}
		}
		out = append(out, f)
	}
	for _, f := range files {
		visit(f)
	}
	return out
}

// readFiles reads a folder's YAML files in the order of their names.
func readFiles(folder string) ([]*segmentFile, error) {
	var all []*segmentFile
	for _, pattern := range []string{"*.yaml", "*.yml"} {
		paths, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			f, err := readFile(path)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			all = append(all, f)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s holds no .yaml file; carpel segment apply --export %s writes the server's segments there", folder, folder)
	}
	return all, nil
}

func readFile(path string) (*segmentFile, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if b, err = definition.FromYAML(b); err != nil {
		return nil, err
	}
	f := &segmentFile{Key: strings.TrimSuffix(strings.TrimSuffix(filepath.Base(path), ".yaml"), ".yml")}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(f); err != nil {
		return nil, err
	}
	if f.Kind == "" {
		f.Kind = carpel.Dynamic
	}
	switch {
	case f.Text != "" && f.Definition != nil:
		return nil, fmt.Errorf("give text or definition, not both")
	case f.Text != "":
		f.condition, err = carpel.ParseText(f.Text)
	case f.Definition != nil:
		f.condition, err = carpel.ParseCondition(f.Definition)
	case f.Kind == carpel.Dynamic:
		return nil, fmt.Errorf("a definition is missing: text or definition (or kind: manual)")
	}
	return f, err
}

// writeFiles writes the server's segments as files, over those that are there.
func (c *client) writeFiles(ctx context.Context, t *terminal, folder string) error {
	have, err := c.segments(ctx, url.Values{})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, s := range have {
		f := segmentFile{Name: s.Name, Description: s.Description, Tags: s.Tags, Text: s.Text}
		if s.Kind == carpel.Manual {
			f.Kind = carpel.Manual
		}
		b, err := json.Marshal(f)
		if err != nil {
			return err
		}
		if b, err = definition.ToYAML(b); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, s.Key+".yaml"), b, 0o644); err != nil {
			return err
		}
	}
	fmt.Fprintf(t.Err, "Wrote %d files into %s\n", len(have), folder)
	return nil
}
