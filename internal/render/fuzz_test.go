package render_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/render"
)

// FuzzTemplate: whatever a template and a value are, they are compiled or refused with a place, and rendered within the
// bounds or refused with a limit; and a value is never markup.
func FuzzTemplate(f *testing.F) {
	for _, source := range []string{
		"Hi {{ customer.first_name | default: 'you' | upcase }}", "{% for i in (1..9999999) %}{{ i }}{% endfor %}", "{% if customer.x == 1 and customer.y %}a{% elsif true %}b{% else %}c{% endif %}",
		`<a href="https://x.example/{{ customer.first_name | url_encode }}" title={{ customer.first_name }}>x</a>`, "{% assign a = 'x' %}{% assign a = a | append: a %}{{ a | replace: 'x', a }}",
		"<mjml><mj-body><mj-section><mj-column>{% for i in customer.items %}<mj-text>{{ i }}</mj-text>{% endfor %}</mj-column></mj-section></mj-body></mjml>",
		"{% capture x %}{{ customer.first_name }}{% endcapture %}{{ x | split: '' | join: x | slice: 0, 3 }}", "{{ 'now' | date: '%1000000000d' }}", "{% raw %}{{{% endraw %}", "{%- # x -%}", "{{ a[a[a[a]]] }}", "{{(1..(1..2))}}",
		"{% tablerow i in customer.items cols: 0 limit: -1 offset: -5 %}{% cycle 'a' %}{% break %}{% endtablerow %}", "{{ customer.items | sort: 'a' | where: 'a' | map: 'b' | uniq | sum }}", "\xff{{\x00}}", "{{ customer | json | raw }}<!--{{ x }}-->",
	} {
		f.Add(source, "Ada <b onclick='x'>\r\n")
	}
	f.Fuzz(func(t *testing.T, source, value string) {
		if !utf8.ValidString(value) { // nothing else gets in
			return
		}
		v := render.Vars{"customer": map[string]any{"first_name": value, "x": 1, "y": nil, "items": []any{value, 1, 0.5, []any{value}, map[string]any{"a": value}}}}
		for _, c := range []carpel.Content{
			{Email: &carpel.EmailContent{Subject: "s" + source, Preheader: source, Format: "html", Body: "x" + source, Text: source}},
			{Email: &carpel.EmailContent{Subject: "s", Format: "mjml", Body: source}},
			{Email: &carpel.EmailContent{Subject: "s", Format: "html", Body: "x" + source}},
			{Webhook: &carpel.WebhookContent{URL: "https://x.example/" + source, Body: source}},
		} {
			tp, err := render.Compile(c)
			if err == nil {
				var m *carpel.Message
				if m, _, err = tp.Render(t.Context(), v, render.Links{Link: func(s string) string { return s + "#" }}); err == nil {
					within(t, m)
				}
			}
			var e *carpel.Error
			if err != nil && (!errors.As(err, &e) || e.Pointer == "") {
				t.Errorf("%q: %v", source, err)
			}
		}
		// A value alone is text in every place of HTML.
		tp, err := render.Compile(carpel.Content{Email: &carpel.EmailContent{Subject: "s", Format: "html", Body: `<p title="{{ customer.first_name }}" class={{ customer.first_name }}>{{ customer.first_name }}</p>`}})
		if err != nil {
			t.Fatal(err)
		}
		out, _, err := tp.Render(t.Context(), v, render.Links{})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(out.Email.HTML, "<") != 2 || strings.Count(out.Email.HTML, ">") != 2 || strings.Count(out.Email.HTML, `"`) != 2 {
			t.Errorf("%q is markup: %s", value, out.Email.HTML)
		}
	})
}

// within fails unless a message is within the bounds.
func within(t *testing.T, m *carpel.Message) {
	t.Helper()
	if e := m.Email; e != nil {
		// Rewriting adds a sign to each link at most here.
		if len(e.HTML) > 2*carpel.MaxRendered || len(e.Text) > 2*carpel.MaxRendered || len(e.Subject) > carpel.MaxRendered {
			t.Errorf("an email of %d, %d and %d bytes", len(e.HTML), len(e.Text), len(e.Subject))
		}
		if strings.ContainsAny(e.Subject+e.From, "\r\n") {
			t.Errorf("line breaks in headers: %q", e.Subject)
		}
	}
	if w := m.Webhook; w != nil && len(w.Body) > carpel.MaxRendered {
		t.Errorf("a body of %d bytes", len(w.Body))
	}
}
