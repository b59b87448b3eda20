package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/api"
	"github.com/carpel/carpel/internal/render"
)

type templateCommand struct {
	List    templateList    `cmd:"" help:"List templates."`
	Show    templateShow    `cmd:"" help:"Show one template."`
	Create  templateCreate  `cmd:"" help:"Create a template from a file, or from a starter."`
	Preview templatePreview `cmd:"" help:"Show a template as one person would get it, and what is missing."`
	Export  templateExport  `cmd:"" help:"Write a template as a JSON file that create takes."`
}

type templateList struct {
	Search string `help:"Part of the name or key."`
	Kind   string `help:"email, push or webhook." enum:"email,push,webhook," default:""`
}

// Run lists templates.
func (c *templateList) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		all, query := []carpel.Template{}, url.Values{"search": {c.Search}, "limit": {"1000"}}
		if c.Kind != "" {
			query.Set("kind", c.Kind)
		}
		for {
			var page struct {
				Templates []carpel.Template `json:"templates"`
				Next      string            `json:"next"`
			}
			if _, err := cl.call(ctx, "GET", "/api/templates", query, nil, &page); err != nil {
				return err
			}
			all = append(all, page.Templates...)
			if page.Next == "" {
				break
			}
			query.Set("after", page.Next)
		}
		return t.show(map[string]any{"templates": all}, func() {
			var rows [][]string
			for _, x := range all {
				rows = append(rows, []string{x.Key, string(x.Kind), fmt.Sprint(x.Version), x.UpdatedAt.Format("2006-01-02 15:04"), x.Name})
			}
			t.table([]string{"KEY", "KIND", "VERSION", "CHANGED", "NAME"}, rows)
		})
	})
}

type templateShow struct {
	Template string `arg:"" help:"Id or key."`
}

// Run shows one.
func (c *templateShow) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		x, raw, err := readTemplate(ctx, cl, c.Template)
		if err != nil {
			return err
		}
		return t.show(raw, func() { t.template(x) })
	})
}

func readTemplate(ctx context.Context, cl *client, ref string) (x carpel.Template, raw json.RawMessage, err error) {
	raw, err = cl.call(ctx, "GET", "/api/templates/"+url.PathEscape(ref), nil, nil, &x)
	return x, raw, err
}

// template shows a template, its body last and as it is.
func (t *terminal) template(x carpel.Template) {
	rows := [][]string{{"id", x.ID}, {"key", x.Key}, {"name", x.Name}, {"kind", string(x.Kind)}, {"version", fmt.Sprint(x.Version)}}
	body := ""
	switch c := x.Content; {
	case c.Email != nil:
		rows = append(rows, []string{"from", c.Email.From}, []string{"subject", c.Email.Subject}, []string{"preheader", c.Email.Preheader}, []string{"format", c.Email.Format})
		body = c.Email.Body
	case c.Push != nil:
		rows = append(rows, []string{"title", c.Push.Title}, []string{"link", c.Push.Link})
		body = c.Push.Body
	case c.Webhook != nil:
		rows = append(rows, []string{"call", c.Webhook.Method + " " + c.Webhook.URL})
		body = c.Webhook.Body
	}
	for _, r := range rows {
		if r[1] != "" {
			fmt.Fprintf(t.Out, "%-10s %s\n", r[0], printable(r[1]))
		}
	}
	fmt.Fprintf(t.Out, "\n%s\n", printableLines(body))
}

// printableLines is [printable] of a text of several lines.
func printableLines(s string) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	for i, line := range lines {
		lines[i] = printable(line)
	}
	return strings.Join(lines, "\n")
}

// contentFlags say what a template says.
type contentFlags struct {
	File      string `short:"f" help:"The body: .mjml or .html; or a .json that template export wrote; - for JSON from standard input." placeholder:"FILE"`
	Subject   string `help:"Of an email."`
	Preheader string `help:"What inboxes show behind the subject."`
	From      string `help:"'Name <address>'; the channel's if not given."`
}

// exported is a template as a file.
type exported struct {
	Name    string         `json:"name,omitempty"`
	Key     string         `json:"key,omitempty"`
	Content carpel.Content `json:"content"`
}

// read returns what the file and the flags say.
func (f contentFlags) read(in io.Reader) (x exported, err error) {
	var b []byte
	if f.File == "-" {
		b, err = io.ReadAll(in)
	} else {
		b, err = os.ReadFile(f.File)
	}
	if err != nil {
		return x, err
	}
	switch ext := strings.ToLower(filepath.Ext(f.File)); ext {
	case ".mjml", ".html", ".htm":
		format := "html"
		if ext == ".mjml" {
			format = "mjml"
		}
		x.Content.Email = &carpel.EmailContent{Format: format, Body: string(b)}
	default:
		if err := json.Unmarshal(b, &x); err != nil {
			return x, fmt.Errorf("%s is not what template export writes: %w", f.File, err)
		}
	}
	f.over(&x.Content)
	return x, nil
}

// over puts what the flags say in place of what a content says.
func (f contentFlags) over(c *carpel.Content) {
	if c.Email == nil {
		return
	}
	for _, part := range []struct {
		to   *string
		with string
	}{{&c.Email.Subject, f.Subject}, {&c.Email.Preheader, f.Preheader}, {&c.Email.From, f.From}} {
		if part.with != "" {
			*part.to = part.with
		}
	}
}

type templateCreate struct {
	Name         string `help:"The template's name."`
	Key          string `name:"slug" help:"Its key; made from the name if not given." placeholder:"KEY"`
	Starter      string `help:"Begin with one of those that come with Carpel: welcome, announcement, letter, win-back." placeholder:"NAME"`
	contentFlags `embed:""`
}

// Run creates a template.
func (c *templateCreate) Run(ctx context.Context, t *terminal) error {
	if (c.File == "") == (c.Starter == "") {
		return calledWrongly{"give a file with the body, -f FILE, or a starter, --starter NAME"}
	}
	var x exported
	var err error
	if c.Starter != "" {
		x, err = fromStarter(c.Starter)
		c.over(&x.Content)
	} else {
		x, err = c.read(t.In)
	}
	if err != nil {
		return err
	}
	if c.Name != "" {
		x.Name = c.Name
	}
	if c.Key != "" {
		x.Key = c.Key
	}
	if x.Name == "" {
		return calledWrongly{"a template needs a name: --name"}
	}
	return t.with(ctx, func(cl *client) error {
		var made carpel.Template
		raw, err := cl.call(ctx, "POST", "/api/templates", nil, x, &made)
		if err != nil {
			return err
		}
		return t.show(raw, func() { fmt.Fprintf(t.Out, "%s\t%s\n", made.ID, made.Key) })
	})
}

func fromStarter(key string) (exported, error) {
	var keys []string
	for _, s := range render.Starters() {
		if s.Key == key {
			return exported{Name: s.Name, Content: s.Content}, nil
		}
		keys = append(keys, s.Key)
	}
	return exported{}, &carpel.Error{Code: carpel.CodeNotFound, Suggestion: carpel.Nearest(key, keys), Message: fmt.Sprintf("there is no starter %q; there are %s", key, strings.Join(keys, ", "))}
}

type templatePreview struct {
	Template     string `arg:"" optional:"" help:"Id or key; or a file, not saved yet: -f."`
	Person       string `help:"As this person would get it: a key, a user id or an email." placeholder:"PERSON"`
	HTML         string `name:"html" help:"Write the HTML to this file." placeholder:"FILE"`
	contentFlags `embed:""`
}

// Run shows a preview. It exits with 3 when something is missing.
func (c *templatePreview) Run(ctx context.Context, t *terminal) error {
	if (c.Template == "") == (c.File == "") {
		return calledWrongly{"name a template, or a file: -f FILE"}
	}
	path, body := "/api/templates/preview", map[string]any{}
	if c.Template != "" {
		path = "/api/templates/" + url.PathEscape(c.Template) + "/preview"
	} else {
		x, err := c.read(t.In)
		if err != nil {
			return err
		}
		body["content"] = x.Content
	}
	if c.Person != "" {
		body["person"] = c.Person
	}
	return t.with(ctx, func(cl *client) error {
		var p api.TemplatePreview
		raw, err := cl.call(ctx, "POST", path, nil, body, &p)
		if err != nil {
			return err
		}
		if c.HTML != "" {
			if err := os.WriteFile(c.HTML, []byte(p.HTML), 0o600); err != nil {
				return err
			}
		}
		if err := t.show(raw, func() { t.previewed(p) }); err != nil {
			return err
		}
		if len(p.Missing) > 0 {
			return notInOrder{"missing, and without a default: " + strings.Join(p.Missing, ", ")}
		}
		return nil
	})
}

// previewed shows a preview as a reader of plain text would see it.
func (t *terminal) previewed(p api.TemplatePreview) {
	head, body := "Subject: "+p.Subject, p.Text
	switch {
	case p.Push != nil:
		head, body = p.Push.Title, p.Push.Body
	case p.Webhook != nil:
		head, body = p.Webhook.Method+" "+p.Webhook.URL, p.Webhook.Body
	case p.From != "":
		fmt.Fprintf(t.Out, "From: %s\n", printable(p.From))
	}
	fmt.Fprintf(t.Out, "%s\n\n%s\n", printable(head), printableLines(body))
	for _, w := range p.Warnings {
		fmt.Fprintf(t.Err, "Warning: %s\n", w.Message)
	}
}

type templateExport struct {
	Template string `arg:"" help:"Id or key."`
	Out      string `help:"Write to this file; standard output if not given." placeholder:"FILE"`
}

// Run exports one.
func (c *templateExport) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		x, _, err := readTemplate(ctx, cl, c.Template)
		if err != nil {
			return err
		}
		b, err := json.MarshalIndent(exported{x.Name, x.Key, x.Content}, "", "  ")
		if err != nil {
			return err
		}
		if c.Out == "" {
			_, err = fmt.Fprintf(t.Out, "%s\n", b)
			return err
		}
		return os.WriteFile(c.Out, append(b, '\n'), 0o600)
	})
}
