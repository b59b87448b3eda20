// Package render turns content and variables into messages, within bounds. A template is compiled once, MJML included,
// and rendered for each person.
//
// Its language is Liquid. Everything in a template and in its variables is hostile: what each limit of the limits table
// bounds is counted while it is done, and stops by itself (see [run]). Values are written into HTML as text, unless the
// template says raw. Nothing is read from files or the network.
package render

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/carpel/carpel"
)

// Vars are the variables of a message by name: those of [Roots], and now, a time.Time, for the moment of rendering. The
// values are what a JSON object holds (nil, bool, int, float64, string, []any, map[string]any) and time.Time. Rendering
// reads them only.
type Vars map[string]any

// Roots are the names that templates have, apart from their own.
func Roots() []string {
	return []string{"customer", "event", "trigger", "campaign", "workspace", "unsubscribe_url", "preferences_url"}
}

// Template is a compiled content. Safe for concurrent use.
type Template struct {
	kind     carpel.ChannelKind
	programs []*program // all of them, in the order of the content

	subject, from, replyTo, html, text *program // of email
	textMade                           bool     // text was made from html

	title, body, link, image *program // of push
	url, payload             *program // of webhook
	method                   string
	isJSON                   bool
	named                    []namedProgram // data of push, headers of webhook
}

type namedProgram struct {
	name  string
	value *program
}

// Compile checks a content and makes it ready. A fault is a *carpel.Error with a pointer into the content, and the line
// and the column in the text there.
func Compile(c carpel.Content) (*Template, error) {
	kinds := 0
	for _, is := range []bool{c.Email != nil, c.Push != nil, c.Webhook != nil} {
		if is {
			kinds++
		}
	}
	if kinds != 1 {
		return nil, carpel.Errorf(carpel.CodeInvalid, "a content is exactly one of email, push and webhook")
	}
	t := &Template{kind: c.Kind()}
	var err error
	switch {
	case c.Email != nil:
		err = t.compileEmail(c.Email)
	case c.Push != nil:
		err = t.compilePush(c.Push)
	default:
		err = t.compileWebhook(c.Webhook)
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

// plain compiles a text that is not HTML.
func (t *Template) plain(pointer, source string) (*program, error) {
	tokens, err := scan(pointer, source)
	if err != nil {
		return nil, err
	}
	return t.keep(compile(pointer, tokens, false))
}

func (t *Template) keep(p *program, err error) (*program, error) {
	if err == nil {
		t.programs = append(t.programs, p)
	}
	return p, err
}

// Variables lists the variables that the template names, sorted: customer.first_name. Those that it makes itself are not
// among them.
func (t *Template) Variables() []string {
	var names []string
	for _, p := range t.programs {
		for _, use := range p.uses {
			names = append(names, use.String())
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Kind is what the template renders to.
func (t *Template) Kind() carpel.ChannelKind { return t.kind }

// Render renders the template for one person. Beside the message, which has no recipient yet, it returns the variables
// that are written somewhere but are absent or empty and have no default: what a sender skips the person for. The error
// is a *carpel.Error for what the template or a value is at fault for; it holds no values.
func (t *Template) Render(ctx context.Context, vars Vars, links Links) (*carpel.Message, []string, error) {
	all := make(Vars, len(vars)+4)
	maps.Copy(all, vars)
	all["unsubscribe_url"], all["preferences_url"] = links.Unsubscribe, links.Preferences
	r := startRun(ctx, all)
	defer r.end()
	m := &carpel.Message{Kind: t.kind}
	var err error
	switch t.kind {
	case carpel.Email:
		m.Email, err = t.renderEmail(r, &links)
	case carpel.Push:
		m.Push, err = t.renderPush(r, &links)
	default:
		m.Webhook, err = t.renderWebhook(r)
	}
	if err != nil {
		return nil, nil, err
	}
	var missing []string
	for _, name := range r.missing {
		// A message that nobody unsubscribes from has no address for it; that is nothing that the person lacks.
		if name != "unsubscribe_url" && name != "preferences_url" {
			missing = append(missing, name)
		}
	}
	return m, missing, nil
}

// line makes one line of a text: signs of control, line breaks first of all, become spaces.
func line(s string) string {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f || s[i] >= 0x80 {
			s = strings.Map(func(c rune) rune {
				if c < ' ' || c >= 0x7f && c < 0xa0 || c == '\u2028' || c == '\u2029' {
					return ' '
				}
				return c
			}, s)
			break
		}
	}
	return strings.TrimSpace(s)
}
