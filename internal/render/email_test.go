package render_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/render"
)

// email renders an email.
func email(t *testing.T, c carpel.EmailContent, v render.Vars, l render.Links) (*carpel.EmailMessage, error) {
	t.Helper()
	tp, err := render.Compile(carpel.Content{Email: &c})
	if err != nil {
		return nil, err
	}
	m, _, err := tp.Render(t.Context(), v, l)
	if err != nil {
		return nil, err
	}
	return m.Email, nil
}

// A value is text wherever it stands in HTML.
func TestEscaping(t *testing.T) {
	const hostile = "&lt;b a=&#34;1&#34; b=&#39;2&#39;&gt;&amp;"
	for _, c := range []struct{ body, want string }{
		{"<p>{{ customer.html }}</p>", "<p>" + hostile + "</p>"},
		{"<p>{{ customer.html | raw }}</p>", `<p><b a="1" b='2'>&</p>`},
		{"<p>{{ customer.html | escape }}</p>", "<p>" + hostile + "</p>"},
		{"<p>{{ customer.html | raw | append: '' }}</p>", "<p>" + hostile + "</p>"},
		{`<p title="{{ customer.html }}">`, `<p title="` + hostile + `">`},
		{"<p title='{{ customer.html }}'>", "<p title='" + hostile + "'>"},
		{"<p title={{ customer.html }}>", "<p title=&lt;b&#32;a&#61;&#34;1&#34;&#32;b&#61;&#39;2&#39;&gt;&amp;>"},
		{"<p title={{ customer.html | raw }} {{ customer.id }}>", "<p title=&lt;b&#32;a&#61;&#34;1&#34;&#32;b&#61;&#39;2&#39;&gt;&amp; u&#32;1&#47;2>"},
		{`<p {% if customer.pro %}title="{{ customer.html }}"{% else %}title="{{ customer.html }}"{% endif %}>{{ customer.html }}`, `<p title="` + hostile + `">` + hostile},
		{"1 < 2 {{ customer.id }}", "1 < 2 u 1/2"},
		{"{% assign x = customer.html %}{{ x }}", hostile},
		{"{% capture x %}<i>{{ customer.html }}</i>{% endcapture %}{{ x }}", "<i>" + hostile + "</i>"},
		{"{% capture x %}<i>{{ customer.html }}</i>{% endcapture %}{{ x | upcase }}", "&lt;I&gt;&amp;LT;B A=&amp;#34;1&amp;#34; B=&amp;#39;2&amp;#39;&amp;GT;&amp;AMP;&lt;/I&gt;"},
		{"{% capture x %}<i>{% endcapture %}{% if x contains 'i' and x == '<i>' and x.size == 3 and '<i>' == x %}{{ x }}{% endif %}", "<i>"},
		{"{{ \"a<\\nb\" | newline_to_br }}", "a&lt;<br>\nb"},
		{"{{ customer.items | json }}", "[{&#34;name&#34;:&#34;Pen&#34;,&#34;price&#34;:2},{&#34;name&#34;:&#34;Ink&#34;,&#34;price&#34;:3.5}]"},
		{"{% cycle '<br>' %}", "<br>"}, // the author's own
	} {
		if got := page(t, c.body, render.Links{}).HTML; got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.body, got, c.want)
		}
	}
}

func TestHeaders(t *testing.T) {
	m, err := email(t, carpel.EmailContent{Subject: "Hi {{ customer.crlf }}\r\nX: {{ customer.html }}", From: "{{ customer.crlf }} {{ customer.html }} <news@example.com>",
		ReplyTo: "{{ customer.email }}", Format: "html", Body: "x"}, vars(), render.Links{Unsubscribe: "https://u"})
	if err != nil {
		t.Fatal(err)
	}
	want := &carpel.EmailMessage{Subject: "Hi x  Bcc: evil@example.com  X: <b a=\"1\" b='2'>&", From: `"x  Bcc: evil@example.com <b a=\"1\" b='2'>&" <news@example.com>`,
		ReplyTo: "ada@example.com", HTML: "x", Text: "x", Unsubscribe: "https://u"}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Error(diff)
	}
	for _, from := range []string{"{{ customer.crlf }}", "a@example.com, b@example.com", "Name <>", "Name", "<a@example.com> b", "{{ customer.html }}@example.com"} {
		_, err := email(t, carpel.EmailContent{Subject: "s", From: from, Format: "html", Body: "x"}, vars(), render.Links{})
		var e *carpel.Error
		if !errors.As(err, &e) || e.Code != carpel.CodeInvalid || e.Pointer != "/email/from" {
			t.Errorf("from %q: %v", from, err)
		}
	}
}

func TestLinks(t *testing.T) {
	l := render.Links{Link: func(url string) string { return "https://t.example/" + strings.ReplaceAll(url, "://", ":") }, Pixel: "https://p.example/?a=1&b=2",
		Unsubscribe: "https://u.example/1", Preferences: "https://u.example/2"}
	pixel := `<img src="https://p.example/?a=1&amp;b=2" width="1" height="1" alt="" style="display:block;width:1px;height:1px;border:0">`
	for _, c := range []struct{ body, want string }{
		{`<body><a href="https://x.example/?a=1&amp;b=2">x</a></BODY></html>`, `<body><a href="https://t.example/https:x.example/?a=1&amp;b=2">x</a>` + pixel + `</BODY></html>`},
		{`<A class=b HREF = 'HTTP://x.example'>`, `<A class=b HREF = 'https://t.example/HTTP:x.example'>` + pixel},
		{`<a href=https://x.example/a>x</a>`, `<a href=https://t.example/https:x.example/a>x</a>` + pixel},
		{`<area href="https://x.example"/><v:roundrect href="https://x.example"><!--[if mso]><v:rect href="https://x.example"/><![endif]-->`,
			`<area href="https://t.example/https:x.example"/><v:roundrect href="https://t.example/https:x.example"><!--[if mso]><v:rect href="https://t.example/https:x.example"/><![endif]-->` + pixel},
		{`<a href="mailto:a@example.com"></a><a href="tel:1"></a><a href="#top"></a><a href="/rel"></a><a name="x"></a><a href></a><a`, `<a href="mailto:a@example.com"></a><a href="tel:1"></a><a href="#top"></a><a href="/rel"></a><a name="x"></a><a href></a><a` + pixel},
		{`<a href="{{ unsubscribe_url }}">u</a><a href="{{ preferences_url }}">p</a>`, `<a href="https://u.example/1">u</a><a href="https://u.example/2">p</a>` + pixel},
		{`<link href="https://x.example/a.css"><abbr href="https://x.example"><img src="https://x.example/a.png">`, `<link href="https://x.example/a.css"><abbr href="https://x.example"><img src="https://x.example/a.png">` + pixel},
		{`<a data-href="https://x.example" title="<a href='https://y.example'>" href="https://x.example">`, `<a data-href="https://x.example" title="<a href='https://y.example'>" href="https://t.example/https:x.example">` + pixel},
		{`<a href="https://x.example/{{ customer.id }}">`, `<a href="https://t.example/https:x.example/u 1/2">` + pixel},
	} {
		if got := page(t, c.body, l).HTML; got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.body, got, c.want)
		}
	}
	m, err := email(t, carpel.EmailContent{Subject: "s", Format: "html", Body: "x", Text: "See https://x.example/a_(b), (http://y.example/). <https://z.example/?q=1> {{ unsubscribe_url }} ftp://f.example mailto:a@example.com https://w.example/!?"}, vars(), l)
	if err != nil {
		t.Fatal(err)
	}
	if want := "See https://t.example/https:x.example/a_(b), (https://t.example/http:y.example/). <https://t.example/https:z.example/?q=1> https://u.example/1 ftp://f.example mailto:a@example.com https://t.example/https:w.example/!?"; m.Text != want {
		t.Errorf("the text's links:\n got %s\nwant %s", m.Text, want)
	}
	if got := page(t, `<a href="https://x.example">x</a>`, render.Links{}).HTML; got != `<a href="https://x.example">x</a>` {
		t.Errorf("nothing is rewritten: %s", got)
	}
	var e *carpel.Error
	for _, c := range []carpel.EmailContent{
		{Subject: "s", Format: "html", Body: strings.Repeat("<a href=https://x.example>", 1001), Text: "x"}, {Subject: "s", Format: "html", Body: "x", Text: strings.Repeat("https://x.example ", 1001)},
	} {
		if _, err := email(t, c, vars(), l); !errors.As(err, &e) || e.Code != carpel.CodeLimit || e.Limit != carpel.MaxLinks {
			t.Errorf("too many links: %v", err)
		}
	}
	for _, bad := range []string{"javascript:alert(1)", " java\nscript:alert(1)", "&#106;avascript:alert(1)", "DATA:text/html,x", "vbscript:x"} {
		_, err := email(t, carpel.EmailContent{Subject: "s", Format: "html", Body: "<a href=\"{{ customer.url | raw }}\">x</a>"}, render.Vars{"customer": map[string]any{"url": bad}}, l)
		var e *carpel.Error
		if !errors.As(err, &e) || e.Code != carpel.CodeInvalid || e.Pointer != "/email/body" {
			t.Errorf("a link to %q: %v", bad, err)
		}
	}
}

// The plain part, made of the HTML.
func TestText(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{"<html><head><title>T</title><style>a{}</style></head><body><h1>Hello</h1><p>One\n two&nbsp;&amp; <b>three</b></p></body></html>", "Hello\n\nOne two & three"},
		{`<a href="https://x.example">Read <b>on</b></a>, <a href="https://x.example">https://x.example</a> <a href="mailto:a@example.com">a@example.com</a> <a href="#x">up</a> <a href="https://y.example"><img src="a" alt="Logo"></a> <a href="https://z.example"><img src="a"></a>`,
			"Read on (https://x.example), https://x.example a@example.com up Logo (https://y.example) https://z.example"},
		{"<ul><li>a</li><li>b</li></ul>c<br>d<hr>e", "- a\n- b\n\nc\nd\n\n---\n\ne"},
		{"<ul>{% for i in customer.items %}<li>{{ i.name }}</li>{% endfor %}</ul><p>end", "- Pen\n- Ink\n\nend"},
		{"{% for i in customer.items %}<p>{{ i.name }}</p>{% endfor %}", "Pen\n\nInk"},
		{"<p>a {% if customer.pro %}<b>b</b>{% else %}c{% endif %} d{% if customer.free %} x{% endif %} e", "a b d e"},
		{"<div>a</div>{% if customer.pro %}<div>b</div>{% else %}<div>c</div>{% endif %}<div>d</div>", "a\nb\nd"},
		{"<div>a</div><p>{% if customer.first_name %}{{ customer.first_name }}, it{% else %}It{% endif %} has been</p>{% if customer.free %}<p>x</p>{% endif %}<p>end</p>", "a\n\nada, it has been\n\nend"},
		{"<a href='{{ preferences_url }}'>Choose</a>", "Choose"},
		{"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"},
		{"<!-- {% assign x = 'kept' %} --><div style='display: none'>{% if customer.pro %}hidden{% assign y = 1 %}{% endif %}<div></div>no</div><script>no</script>{{ x }}{{ y }}", "kept1"},
		{`<a {% if customer.pro %}class="x"{% endif %} href="{% if customer.pro %}https://a.example{% else %}https://b.example{% endif %}">{{ customer.first_name }}</a>`, "ada (https://a.example)"},
		{"{{ customer.html }} {{ customer.html | escape }} {{ '<p>a</p><p>b</p>' | raw }} {% capture z %}<i>{{ customer.html }}</i>{% endcapture %}{{ z }}", "<b a=\"1\" b='2'>& <b a=\"1\" b='2'>& a\n\nb <b a=\"1\" b='2'>&"},
		{"<pre>a  b\n c</pre>d", "a b\n c\n\nd"},
		{"{{ \"a\\nb\" | newline_to_br }}", "a\nb"},
		{"<div><p>unclosed <b>tags</div><p", "unclosed tags"},
		{"a\u200b\u00ad<p></p><p></p><p></p>b", "a\n\nb"},
	} {
		if got := page(t, c.body, render.Links{}).Text; got != c.want {
			t.Errorf("%s\n got %q\nwant %q", c.body, got, c.want)
		}
	}
}

func TestPreheader(t *testing.T) {
	m, err := email(t, carpel.EmailContent{Subject: "s", Preheader: "For {{ customer.html }}", Format: "html", Body: `<html><body class="a>b"><p>x</p></body></html>`}, vars(), render.Links{})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(m.HTML, `<html><body class="a>b"><div style="display:none;`) || !strings.Contains(m.HTML, "For &lt;b a") || m.Text != "x" {
		t.Errorf("%s\n%s", m.HTML, m.Text)
	}
	_, err = email(t, carpel.EmailContent{Subject: "s", Preheader: "{{", Format: "html", Body: "x"}, vars(), render.Links{})
	var e *carpel.Error
	if !errors.As(err, &e) || e.Pointer != "/email/preheader" {
		t.Errorf("%v", err)
	}
}

func TestMJML(t *testing.T) {
	m, err := email(t, carpel.EmailContent{Subject: "s", Format: "mjml", Preheader: "pre", Body: `<mjml><mj-head><mj-title>T</mj-title></mj-head><mj-body>
		{% if customer.pro %}<mj-section><mj-column>
			{% for i in customer.items %}<mj-text>{{ i.name }} &lt;b&gt; {{ customer.html }}{% if forloop.last %} last{% endif %}</mj-text>{% endfor %}
			<mj-button href="https://x.example/{{ customer.id | url_encode }}?a=1&amp;b=2">Go</mj-button>
			<mj-image src="https://x.example/{{ customer.age }}.png" alt="{{ customer.html }}" />
			<mj-raw>{% assign z = 'zed' %}</mj-raw>
		</mj-column></mj-section>{% else %}<mj-section><mj-column><mj-text>free</mj-text></mj-column></mj-section>{% endif %}
		<mj-section><mj-column><mj-text>{{ z }}</mj-text></mj-column></mj-section></mj-body></mjml>`}, vars(), render.Links{})
	if err != nil {
		t.Fatal(err)
	}
	const hostile = "&lt;b a=&#34;1&#34; b=&#39;2&#39;&gt;&amp;"
	for _, want := range []string{"Pen &lt;b&gt; " + hostile + "</div>", "Ink &lt;b&gt; " + hostile + " last</div>", `href="https://x.example/u+1%2F2?a=1&amp;b=2"`, `alt="` + hostile + `"`, `src="https://x.example/36.png"`, ">zed<", ">pre&#847;"} {
		if !strings.Contains(m.HTML, want) {
			t.Errorf("the HTML lacks %s:\n%s", want, m.HTML)
		}
	}
	for _, not := range []string{"free", "{{", "{%", "mj-text", "\U0010fffe"} {
		if strings.Contains(m.HTML, not) {
			t.Errorf("the HTML has %q", not)
		}
	}
	if want := "Pen <b> <b a=\"1\" b='2'>&\n\nInk <b> <b a=\"1\" b='2'>& last\n\nGo (https://x.example/u+1%2F2?a=1&b=2)\n\n<b a=\"1\" b='2'>&\n\nzed"; m.Text != want {
		t.Errorf("the text:\n got %q\nwant %q", m.Text, want)
	}
}

func TestBadMJML(t *testing.T) {
	around := func(s string) string {
		return "<mjml><mj-body><mj-section><mj-column>\n" + s + "</mj-column></mj-section></mj-body></mjml>"
	}
	for _, c := range []struct {
		name, body, code, says string
		line                   int
	}{
		{"no MJML", "<p>hello</p>", carpel.CodeInvalid, "not MJML", 0},
		{"not closed", "<mjml><mj-body><mj-section>", carpel.CodeInvalid, "not MJML", 0},
		{"no body", "<mjml><mj-head></mj-head></mjml>", carpel.CodeInvalid, "no mj-body", 0},
		{"an include", around(`<mj-include path="/etc/passwd" />`), carpel.CodeInvalid, "mj-include is not available", 0},
		{"an entity", `<!DOCTYPE x [<!ENTITY a "b">]>` + around("&a;"), carpel.CodeInvalid, "not available", 0},
		{"an output that gets lost", around("{{ customer.age }}<mj-text>x</mj-text>"), carpel.CodeInvalid, "would be lost", 2},
		{"an unknown attribute", around(`<mj-text colour="red">x</mj-text>`), carpel.CodeInvalid, "colour", 0},
		{"nesting", around(strings.Repeat("<div>", 10000) + strings.Repeat("</div>", 10000)), carpel.CodeLimit, "nested", 0},
		{"many elements", around(strings.Repeat("<mj-text>a</mj-text>", 6000)), carpel.CodeLimit, "more than", 0},
		{"a block over two places", around(`<mj-text>{% if customer.pro %}</mj-text><mj-text>{{ customer.x | upcas }}</mj-text>`), carpel.CodeInvalid, "no filter", 2},
	} {
		_, err := email(t, carpel.EmailContent{Subject: "s", Format: "mjml", Body: c.body}, vars(), render.Links{})
		var e *carpel.Error
		if !errors.As(err, &e) || e.Code != c.code || e.Pointer != "/email/body" || !strings.Contains(e.Message, c.says) || e.Line != c.line {
			t.Errorf("%s: %+v", c.name, err)
		}
	}
}

func TestContents(t *testing.T) {
	for _, c := range []struct {
		name    string
		content carpel.Content
		pointer string
	}{
		{"nothing", carpel.Content{}, ""},
		{"two", carpel.Content{Push: &carpel.PushContent{Title: "x"}, Webhook: &carpel.WebhookContent{URL: "https://x.example"}}, ""},
		{"no subject", carpel.Content{Email: &carpel.EmailContent{Format: "html", Body: "x"}}, "/email/subject"},
		{"no body", carpel.Content{Email: &carpel.EmailContent{Subject: "x", Format: "html"}}, "/email/body"},
		{"no format", carpel.Content{Email: &carpel.EmailContent{Subject: "x", Body: "x"}}, "/email/format"},
		{"an empty push", carpel.Content{Push: &carpel.PushContent{}}, "/push/title"},
		{"push data", carpel.Content{Push: &carpel.PushContent{Title: "x", Data: map[string]string{"a/b": "{{"}}}, "/push/data/a~1b"},
		{"a method", carpel.Content{Webhook: &carpel.WebhookContent{Method: "CONNECT", URL: "https://x.example"}}, "/webhook/method"},
		{"a host of the person's", carpel.Content{Webhook: &carpel.WebhookContent{URL: "https://{{ customer.host }}/"}}, "/webhook/url"},
		{"a part of a host", carpel.Content{Webhook: &carpel.WebhookContent{URL: "https://x.example{{ customer.host }}/"}}, "/webhook/url"},
		{"another scheme", carpel.Content{Webhook: &carpel.WebhookContent{URL: "file:///etc/passwd"}}, "/webhook/url"},
		{"a user in an address", carpel.Content{Webhook: &carpel.WebhookContent{URL: "https://x@y.example/"}}, "/webhook/url"},
		{"a header's name", carpel.Content{Webhook: &carpel.WebhookContent{URL: "https://x.example", Headers: map[string]string{"A: b": "c"}}}, "/webhook/headers"},
	} {
		_, err := render.Compile(c.content)
		var e *carpel.Error
		if !errors.As(err, &e) || e.Code != carpel.CodeInvalid || e.Pointer != c.pointer {
			t.Errorf("%s: %+v", c.name, err)
		}
	}
}

func TestPush(t *testing.T) {
	tp, err := render.Compile(carpel.Content{Push: &carpel.PushContent{Title: "Hi {{ customer.crlf }}", Body: "{{ customer.html }}\nx", Link: "https://x.example/{{ customer.age }}", Image: "https://x.example/i.png",
		Data: map[string]string{"a": "{{ customer.age }}", "b": "c"}}})
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := tp.Render(t.Context(), vars(), render.Links{Link: func(s string) string { return "https://t.example/" + s }})
	if err != nil {
		t.Fatal(err)
	}
	want := &carpel.PushMessage{Title: "Hi x  Bcc: evil@example.com", Body: "<b a=\"1\" b='2'>&\nx", Link: "https://t.example/https://x.example/36", Image: "https://x.example/i.png", Data: map[string]string{"a": "36", "b": "c"}}
	if diff := cmp.Diff(want, m.Push); diff != "" || m.Kind != carpel.Push {
		t.Error(diff)
	}
}

func TestWebhook(t *testing.T) {
	hook := func(c carpel.WebhookContent) (*carpel.Message, error) {
		tp, err := render.Compile(carpel.Content{Webhook: &c})
		if err != nil {
			t.Fatal(err)
		}
		m, _, err := tp.Render(t.Context(), vars(), render.Links{})
		return m, err
	}
	m, err := hook(carpel.WebhookContent{URL: "https://x.example/{{ customer.id | url_encode }}", Headers: map[string]string{"X-A": "{{ customer.age }}"}, Body: `{"html": {{ customer.html | json }}, "items": {{ customer.items | json }}, "none": {{ customer.nothing | json }}}`})
	if err != nil {
		t.Fatal(err)
	}
	want := &carpel.WebhookMessage{Method: "POST", URL: "https://x.example/u+1%2F2", Headers: map[string]string{"X-A": "36"},
		Body: []byte(`{"html": "<b a=\"1\" b='2'>&", "items": [{"name":"Pen","price":2},{"name":"Ink","price":3.5}], "none": null}`)}
	if diff := cmp.Diff(want, m.Webhook); diff != "" {
		t.Error(diff)
	}
	for _, c := range []struct {
		pointer string
		content carpel.WebhookContent
	}{
		{"/webhook/url", carpel.WebhookContent{URL: "https://x.example/{{ customer.id }}"}},
		{"/webhook/headers/X-A", carpel.WebhookContent{URL: "https://x.example", Headers: map[string]string{"X-A": "{{ customer.crlf }}"}}},
		{"/webhook/body", carpel.WebhookContent{URL: "https://x.example", Body: `{"a": "{{ customer.html }}"}`}},
		{"/webhook/body", carpel.WebhookContent{URL: "https://x.example", Headers: map[string]string{"content-type": "application/json"}, Body: `{{ customer.first_name }}`}},
	} {
		_, err := hook(c.content)
		var e *carpel.Error
		if !errors.As(err, &e) || e.Code != carpel.CodeInvalid || e.Pointer != c.pointer {
			t.Errorf("%s: %+v", c.pointer, err)
		}
	}
}

func TestCustomer(t *testing.T) {
	value := func(s string) carpel.Attr {
		v, err := carpel.JSONValue([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return carpel.Attr{Value: v}
	}
	got := render.Customer(&carpel.Person{Key: "p_1", UserID: "u1", LastSeenAt: carpel.Never, Attributes: map[string]carpel.Attr{"email": value(`"not this"`), "n": value("3"), "f": value("0.5"),
		"long": value("12345678901234567890123"), "t": value("true"), "l": value(`[1, {"a": null}]`), "gone": {}}})
	want := map[string]any{"key": "p_1", "id": "u1", "email": nil, "first_seen_at": render.Value(carpel.TimeValue(0)), "last_seen_at": nil, "n": 3, "f": 0.5, "long": "12345678901234567890123", "t": true,
		"l": []any{1, map[string]any{"a": nil}}, "gone": nil}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
