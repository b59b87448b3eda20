package render_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/render"
)

// vars are a person and an event as they come out of the engine.
func vars() render.Vars {
	return render.Vars{
		"now": time.Date(2026, 11, 24, 23, 30, 0, 0, time.UTC),
		"customer": map[string]any{
			"id": "u 1/2", "first_name": "ada", "email": "ada@example.com", "empty": "", "pro": true, "free": false, "age": 36, "score": 4.5,
			"html": `<b a="1" b='2'>&`, "born": "1815-12-10", "crlf": "x\r\nBcc: evil@example.com", "seen": time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
			"tags": []any{"b", "a", "b"}, "method": "AsArray", "items": []any{map[string]any{"name": "Pen", "price": 2}, map[string]any{"name": "Ink", "price": 3.5}},
			"none": []any{}, "address": map[string]any{"city": "London"}, "Last Name": "Lovelace",
		},
		"event":     map[string]any{"name": "bought", "total": 1234567.891},
		"workspace": map[string]any{"name": "Acme", "time_zone": "Europe/Berlin"},
	}
}

// push renders a text that is not HTML, and what is missing.
func push(t *testing.T, source string) (string, []string, error) {
	t.Helper()
	tp, err := render.Compile(carpel.Content{Push: &carpel.PushContent{Title: "t", Body: source}})
	if err != nil {
		return "", nil, err
	}
	m, missing, err := tp.Render(t.Context(), vars(), render.Links{})
	if err != nil {
		return "", nil, err
	}
	return m.Push.Body, missing, nil
}

func page(t *testing.T, body string, l render.Links) *carpel.EmailMessage {
	t.Helper()
	tp, err := render.Compile(carpel.Content{Email: &carpel.EmailContent{Subject: "s", Format: "html", Body: body}})
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	m, _, err := tp.Render(t.Context(), vars(), l)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return m.Email
}

func TestLiquid(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{"", ""},
		{"plain { text } % }", "plain { text } % }"},
		{"{{ customer.first_name }}", "ada"},
		{"{{customer.first_name|capitalize}}!", "Ada!"},
		{"{{\n  customer.first_name\n  | upcase\n}}", "ADA"},
		{`{{ customer["Last Name"] }} of {{ customer.address.city }}`, "Lovelace of London"},
		{"{{ customer.items[1].name }} {{ customer.items.first.price }} {{ customer.items.size }}", "Ink 2 2"},
		{"a {{- ' b ' -}} c", "a b c"},
		{"a \n {%- if true -%} \n b \n {%- endif %} c", "ab c"},
		{"{% if customer.pro %}yes{% else %}no{% endif %}", "yes"},
		{"{% if customer.free %}yes{% elsif customer.age > 30 %}old{% else %}no{% endif %}", "old"},
		{"{% if customer.nothing %}yes{% else %}no{% endif %}", "no"},
		{"{% if customer.pro and customer.age == 36 or customer.free %}yes{% endif %}", "yes"},
		{"{% if customer.tags contains 'a' %}yes{% endif %}{% if customer.email contains '@example' %}yes{% endif %}", "yesyes"},
		{"{% if customer.nothing == blank %}yes{% endif %}", "yes"},
		{"{% unless customer.pro %}yes{% else %}no{% endunless %}", "no"},
		{"{% case customer.age %} x {% when 1, 2 %}few{% when 35 or 36 %}many{% else %}none{% endcase %}", "many"},
		{"{% case customer.age %}{% when '36' %}text{% else %}number{% endcase %}", "number"},
		{"{% for i in customer.items %}{{ forloop.index }}/{{ forloop.length }} {{ i.name }}{% unless forloop.last %}, {% endunless %}{% endfor %}", "1/2 Pen, 2/2 Ink"},
		{"{% for i in customer.none %}x{% else %}none{% endfor %}{% for i in customer.nothing %}x{% else %}none{% endfor %}", "nonenone"},
		{"{% for i in (1..5) reversed limit: 3 offset: 1 %}{{ i }}{% endfor %}", "432"},
		{"{% for i in (1..9) %}{% if i == 3 %}{% continue %}{% endif %}{% if i > 5 %}{% break %}{% endif %}{{ i }}{% endfor %}", "1245"},
		{"{% for p in customer.address %}{{ p[0] }}={{ p[1] }}{% endfor %}", "city=London"},
		{"{% for i in (1..2) %}{% for j in (1..2) %}{{ forloop.parentloop.index }}{{ j }} {% endfor %}{% endfor %}{{ i }}", "11 12 21 22 "},
		{"{% tablerow i in (1..3) cols: 2 %}{{ i }}{% endtablerow %}", `<tr class="row1"><td class="col1">1</td><td class="col2">2</td></tr><tr class="row2"><td class="col1">3</td></tr>`},
		{"{% for i in (1..3) %}{% cycle 'a', 'b' %}{% endfor %}", "aba"},
		{"{% increment n %}{% increment n %}{% decrement m %}", "01-1"},
		{"{% assign x = customer.first_name | upcase %}{{ x }}{% capture y %}[{{ x }}]{% endcapture %}{{ y | downcase }}", "ADA[ada]"},
		{"{% comment %}{{ nonsense | }} {% if %}{% endcomment %}a{% # nothing %}", "a"},
		{"{% raw %}{{ customer.first_name }}{% if %}{% endraw %}", "{{ customer.first_name }}{% if %}"},
		{"{% echo customer.age %}", "36"},
		{"{{ customer.pro }} {{ customer.score }} {{ customer.tags }} {{ customer.address }} {{ (1..3) }}", `true 4.5 bab {"city":"London"} 1..3`},
		{"{{ customer.nothing | default: 'you' }} {{ customer.empty | default: 'x' }} {{ customer.free | default: 'f' }} {{ customer.free | default: 'f', allow_false: true }}", "you x f false"},
		// A range in a variable is a list to loops and filters, and nothing else: its methods in Go are out of reach.
		{"{% assign a = (1..99999999999) %}{{ a }} {{ a.AsArray }}{{ a[customer.method] }}{{ a.of }} {{ a | size }}{% for i in a limit: 2 %} {{ i }}{% endfor %}", "1..99999999999  99999999999 1 2"},
		// Texts.
		{"{{ 'a b' | replace: 'a', 'x' | append: '!' | prepend: '>' }}", ">x b!"},
		{"{{ 'aXbX' | remove: 'X' }}{{ 'aXbX' | remove_first: 'X' }}{{ 'aXbX' | remove_last: 'X' }}{{ 'aXbX' | replace_last: 'X', '-' }}{{ 'aXbX' | replace_first: 'X', '-' }}", "ababXaXbaXb-a-bX"},
		{"{{ ' a ' | strip }}|{{ ' a ' | lstrip }}|{{ ' a ' | rstrip }}|{{ \"a\\nb\" | strip_newlines }}", "a|a | a|ab"},
		{"{{ 'Hello Wörld' | slice: 6, 3 }} {{ 'abc' | slice: -2, 2 }} {{ customer.tags | slice: 1, 2 | join: '+' }}", "Wör bc a+b"},
		{"{{ 'one two three' | truncate: 8 }} {{ 'one two three' | truncatewords: 2 }} {{ 'abc' | truncate: 3 }}", "one t... one two... abc"},
		{"{{ 'a b&c' | url_encode }} {{ 'a+b%26' | url_decode }} {{ 'abc' | base64_encode }} {{ 'A b_C!' | handleize }}", "a+b%26c a b& YWJj a-b-c"},
		{"{{ 'a,b,,' | split: ',' | join: '-' }} {{ 'ü' | size }} {{ '' | capitalize }}", "a-b 1 "},
		{"{{ '<p>a&amp;b</p>' | strip_html }} {{ '<a>' | escape }} {{ '&lt;a>' | escape_once }}", "a&b &lt;a&gt; &lt;a&gt;"},
		{"{{ 1 | pluralize: 'item', 'items' }} {{ 2 | pluralize: 'item', 'items' }}", "item items"},
		// Numbers.
		{"{{ 7 | plus: 3 }} {{ 7 | minus: 10 }} {{ '3' | times: 2.5 }} {{ 7 | divided_by: 2 }} {{ 7 | divided_by: 2.0 }} {{ -7 | modulo: 3 }}", "10 -3 7.5 3 3.5 2"},
		{"{{ 4.6 | round }} {{ 4.566 | round: 2 }} {{ 4.1 | ceil }} {{ 4.9 | floor }} {{ -3 | abs }} {{ 3 | at_least: 5 }} {{ 3 | at_most: 2 }}", "5 4.57 5 4 3 5 2"},
		{"{{ event.total | number: 2 }} {{ event.total | number: 2, '.', ',' }} {{ -1234 | number }} {{ 999 | number }}", "1,234,567.89 1.234.567,89 -1,234 999"},
		// Lists.
		{"{{ customer.tags | uniq | sort | join }} {{ customer.tags | reverse | join: '' }} {{ customer.tags | first }}{{ customer.tags | last }}", "a b bab bb"},
		{"{{ customer.items | map: 'name' | join: ',' }} {{ customer.items | where: 'name', 'Ink' | map: 'price' }} {{ customer.items | sum: 'price' }} {{ customer.items | sort: 'name' | map: 'name' }}", "Pen,Ink 3.5 5.5 InkPen"},
		{"{{ customer.tags | concat: customer.none | size }} {{ (1..4) | sum }} {{ (1..3) | join: '-' }}", "3 10 1-2-3"},
		// Dates, in the workspace's zone.
		{"{{ 'now' | date: '%Y-%m-%d %H:%M' }} {{ 'now' | date: '%H:%M', 'America/New_York' }} {{ customer.born | date: '%-d %B %Y' }}", "2026-11-25 00:30 18:30 10 December 1815"},
		{"{{ customer.seen }} {{ customer.seen | date: '%s' | plus: 86400 | date: '%F' }} {{ 1764026400000 | date: '%F' }} {{ 'soon' | date: '%F' }}", "2026-01-02 04:04:05 +0100 2026-01-03 2025-11-25 soon"},
		{"{{ customer.items | json }} {{ 'a\"b' | json }} {{ nil | json }}", `[{"name":"Pen","price":2},{"name":"Ink","price":3.5}] "a\"b" null`},
	} {
		got, _, err := push(t, c.source)
		if err != nil || got != strings.TrimSpace(c.want) {
			t.Errorf("%s\n got %q\nwant %q, %v", c.source, got, c.want, err)
		}
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		source, code string
		line, column int
		says         string
	}{
		{"a {{ customer.x", carpel.CodeInvalid, 1, 3, "never closed"},
		{"a\n  {% if customer.x %}", carpel.CodeInvalid, 2, 3, "never closed"},
		{"ü{% endif %}", carpel.CodeInvalid, 1, 2, "nothing to end"},
		{"{% if a %}\n{% endfor %}", carpel.CodeInvalid, 2, 1, "does not fit"},
		{"{% for a in b %}{% elsif %}", carpel.CodeInvalid, 1, 17, "does not fit"},
		{"{{ }}", carpel.CodeInvalid, 1, 1, "nothing"},
		{"{% if %}{% endif %}", carpel.CodeInvalid, 1, 1, "nothing"},
		{"{{ a b }}", carpel.CodeInvalid, 1, 1, "not an expression"},
		{"{{ 99999999999999999999 }}", carpel.CodeInvalid, 1, 1, "not an expression"},
		{"{{ %assign a = 1 }}", carpel.CodeInvalid, 1, 1, "not an expression"},
		{"{{ a | upcas }}", carpel.CodeInvalid, 1, 1, `there is no filter "upcas"`},
		{"{{ (1..99999999999).AsArray }}", carpel.CodeInvalid, 1, 1, "no properties"},
		{"{{ ((nil | default: (1..99999999999)))[customer.method] }}", carpel.CodeInvalid, 1, 1, "no properties"},
		{"{% for i in (1..99999999999) .AsArray %}{% endfor %}", carpel.CodeInvalid, 1, 1, "no properties"},
		{"{% assign customer = 1 %}", carpel.CodeInvalid, 1, 1, "cannot be assigned"},
		{"{% assign a.b = 1 %}", carpel.CodeInvalid, 1, 1, "cannot be assigned"},
		{"{% capture a b %}{% endcapture %}", carpel.CodeInvalid, 1, 1, "plain name"},
		{"{% for i on x %}{% endfor %}", carpel.CodeInvalid, 1, 1, "takes"},
		{"{% forr i in x %}", carpel.CodeInvalid, 1, 1, "no tag"},
		{"{% include 'self' %}", carpel.CodeInvalid, 1, 1, "not available"},
		{"{% render '/etc/passwd' %}", carpel.CodeInvalid, 1, 1, "not available"},
		{"{% raw %}x", carpel.CodeInvalid, 1, 1, "never closed"},
		{"\xff", carpel.CodeEncoding, 0, 0, "UTF-8"},
		{"a\x00", carpel.CodeEncoding, 0, 0, "NUL"},
		{"\U0010fffe1\U0010ffff", carpel.CodeEncoding, 0, 0, "not one"},
		// At rendering.
		{"{{ 1 | divided_by: 0 }}", carpel.CodeInvalid, 1, 1, "could not be worked out"},
		{"{% for i in (1..customer.first_name) %}{% endfor %}", carpel.CodeInvalid, 1, 1, "could not be worked out"},
		{"{{ 'x' | append }}", carpel.CodeInvalid, 1, 1, "could not be worked out"},
		{"{{ 'now' | date: '%F', 'Nowhere/Town' }}", carpel.CodeInvalid, 1, 1, "could not be worked out"},
	} {
		_, _, err := push(t, c.source)
		var e *carpel.Error
		if !errors.As(err, &e) || e.Code != c.code || e.Line != c.line || e.Column != c.column || e.Pointer != "/push/body" || !strings.Contains(e.Message, c.says) {
			t.Errorf("%q: %+v", c.source, err)
		}
		if err != nil && strings.Contains(err.Error(), "ada") {
			t.Errorf("%q: the error holds a value: %v", c.source, err)
		}
	}
}

// What is hostile stops by a limit, and says which.
func TestLimits(t *testing.T) {
	double := `{% assign a = "0123456789abcdef" %}`
	for _, c := range []struct {
		name, source string
		limit        int64
	}{
		{"a huge range", "{% for i in (1..1000000000) %}{% endfor %}", carpel.MaxIterations},
		{"the widest range", "{% for i in (-9223372036854775807..9223372036854775807) %}{% endfor %}", carpel.MaxIterations},
		{"nested loops", "{% for i in (1..1000) %}{% for j in (1..1000) %}{% for k in (1..1000) %}{% endfor %}{% endfor %}{% endfor %}", carpel.MaxIterations},
		{"tablerow", "{% tablerow i in (1..1000000000) %}{% endtablerow %}", carpel.MaxIterations},
		{"loops one after the other", strings.Repeat("{% for i in (1..999) %}{% cycle 'a', 'b' %}{% endfor %}", 11), carpel.MaxIterations},
		{"loops with continue", "{% for i in (1..1000000) %}{% continue %}{% endfor %}", carpel.MaxIterations},
		{"a range as a list", "{{ (1..1000000000) | join: ',' }}", carpel.MaxRendered},
		{"a range to be sorted", "{{ (-9223372036854775807..9223372036854775807) | sort | size }}", carpel.MaxRendered},
		{"doubling by append", double + strings.Repeat("{% assign a = a | append: a %}", 40), carpel.MaxRendered},
		{"doubling in one tag", double + "{{ a " + strings.Repeat("| replace: '0', '0000000000' ", 40) + "}}", carpel.MaxRendered},
		{"replacing nothing", double + strings.Repeat("{% assign a = a | replace: '', a %}", 10), carpel.MaxRendered},
		{"joining", double + "{% assign b = '' %}" + strings.Repeat("{% assign a = a | split: b | join: a %}", 20), carpel.MaxRendered},
		{"lists that double", "{% assign a = (1..1000) %}" + strings.Repeat("{% assign a = a | concat: a %}", 40), carpel.MaxRendered},
		{"capture", double + strings.Repeat("{% capture a %}{{ a }}{{ a }}{% endcapture %}", 40), carpel.MaxRendered},
		{"output", double + strings.Repeat("{% assign a = a | append: a %}", 14) + strings.Repeat("{{ a }}", 5), carpel.MaxRendered},
		{"work", double + strings.Repeat("{% assign a = a | append: a %}", 14) + "{% for i in (1..1000) %}{% assign b = a | upcase %}{% endfor %}", carpel.MaxRenderWork},
		{"sorting", "{% assign a = (1..9999) | sort %}{% for i in (1..1000) %}{% assign b = a | sort | reverse | uniq %}{% endfor %}", carpel.MaxRenderWork},
		{"dots", "{{ 'a' | truncate: 0, customer.first_name " + strings.Repeat("| append: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' ", 40) + "}}", carpel.MaxTagBytes},
		{"deep nesting", strings.Repeat("{% if true %}", 40) + strings.Repeat("{% endif %}", 40), carpel.MaxTemplateNesting},
		{"deeper nesting", strings.Repeat("{%if a%}", 20000), carpel.MaxTemplateNesting},
		{"brackets without end", "{{ " + strings.Repeat("(", 100000) + " }}", carpel.MaxTagBytes},
		{"a long template", strings.Repeat("x", carpel.MaxTemplateBytes+1), carpel.MaxTemplateBytes},
	} {
		_, _, err := push(t, c.source)
		var e *carpel.Error
		if !errors.As(err, &e) || e.Code != carpel.CodeLimit && e.Code != carpel.CodeTooLarge || e.Limit != c.limit || e.Actual <= e.Limit {
			t.Errorf("%s: %+v", c.name, err)
		}
	}
}

// What ends from outside ends rendering, in loops and without.
func TestContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, source := range []string{"{{ customer.first_name }}", "{% for i in (1..9999) %}x{% endfor %}"} {
		tp, err := render.Compile(carpel.Content{Push: &carpel.PushContent{Title: "t", Body: source}})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := tp.Render(ctx, vars(), render.Links{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", source, err)
		}
	}
}

func TestMissing(t *testing.T) {
	for _, c := range []struct {
		source string
		want   []string
	}{
		{"{{ customer.first_name }}", nil},
		{"{{ customer.nickname }}{{ customer.nickname | upcase }}", []string{"customer.nickname"}},
		{"{{ customer.empty }}", []string{"customer.empty"}},
		{"{{ customer.free }}{{ customer.age }}", nil},
		{"{{ customer.nickname | append: '!' }}", []string{"customer.nickname"}},
		{"{{ customer.nickname | default: 'you' }}", nil},
		{"{{ customer.nickname | default: '' }}", nil},
		{"{{ customer.nickname | default: customer.first_name }}", nil},
		{"{{ customer.nickname | default: customer.petname }}", []string{"customer.petname"}},
		{"{% if customer.nickname %}{{ customer.nickname }}{% endif %}", nil},
		{"{% if customer.pro %}{{ customer.address.street }}{% else %}{{ customer.other }}{% endif %}", []string{"customer.address.street"}},
		{`{{ customer["Middle Name"] }} {{ customer.items[7].name }} {{ event.items.first.name }}`, []string{`customer["Middle Name"]`, "customer.items[7].name", "event.items.first.name"}},
		{"{% assign n = customer.nickname %}{{ n }}", []string{"customer.nickname"}},
		{"{% assign n = customer.nickname | default: 'you' %}{{ n }}", nil},
		{"{% assign n = customer.nickname %}{% unless n %}{% assign n = 'you' %}{% endunless %}{{ n }}", nil},
		{"{% assign n = 'a' %}{{ n }}{% capture c %}{% endcapture %}{{ c }}", nil},
		{"{% for i in customer.items %}{{ i.name }}{{ i.color }}{{ forloop.index }}{% endfor %}", []string{"i.color"}},
		{"{{ trigger.code }}{{ customer.address.city.size }}{{ customer.tags.size }}", []string{"trigger.code"}},
		{"{{ unsubscribe_url }}", nil},
	} {
		_, missing, err := push(t, c.source)
		if diff := cmp.Diff(c.want, missing); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got)\n%s", c.source, err, diff)
		}
	}
}

func TestVariables(t *testing.T) {
	tp, err := render.Compile(carpel.Content{Email: &carpel.EmailContent{Subject: "{{ customer.a | default: customer['B c'] }}", Preheader: "{{ event.total }}", Format: "html",
		Body: `{% assign x = customer.d %}{{ x }}{% for i in event.items limit: customer.max %}{{ i.name }}{{ forloop.index }}{% endfor %}
			{% if trigger.on == "customer.no" and customer.list[customer.at] %}{{ 'a' | append: customer.e, allow: 1 }}{% endif %}{% case customer.f %}{% when customer.g %}{% endcase %}{{ (1..customer.h) }}`}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"customer.a", "customer.at", "customer.d", "customer.e", "customer.f", "customer.g", "customer.h", "customer.list", "customer.max", `customer["B c"]`, "event.items", "event.total", "trigger.on"}
	if diff := cmp.Diff(want, tp.Variables()); diff != "" {
		t.Error(diff)
	}
}
