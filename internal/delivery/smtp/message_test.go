package smtp_test

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/delivery/smtp"
)

// parse reads a message with the standard library: its headers, decoded, and its parts.
func parse(t *testing.T, raw []byte) (mail.Header, map[string]string) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	for name, values := range m.Header {
		if name == "From" || name == "Reply-To" { // are decoded when they are parsed: a name may hold what an address may not
			continue
		}
		for i, v := range values {
			if m.Header[name][i], err = new(mime.WordDecoder).DecodeHeader(v); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	parts := map[string]string{}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if kind != "multipart/alternative" {
		b, err := io.ReadAll(quotedprintable.NewReader(m.Body))
		if err != nil {
			t.Error(err)
		}
		parts[kind] = string(b)
		return m.Header, parts
	}
	r := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := r.NextPart() // decodes quoted-printable
		if err == io.EOF {
			return m.Header, parts
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type"))
		parts[kind] = string(b)
	}
}

// wire fails for what may not go over the wire: lines without CRLF or too long, bytes that are not ASCII.
func wire(t *testing.T, raw []byte) {
	t.Helper()
	for i, line := range strings.SplitAfter(string(raw), "\r\n") {
		if len(line) > 1000 || strings.ContainsAny(strings.TrimSuffix(line, "\r\n"), "\r\n\x00") || line != "" && !strings.HasSuffix(line, "\r\n") {
			t.Errorf("line %d: %.200q", i, line)
		}
		if strings.ContainsFunc(line, func(r rune) bool { return r >= 0x7f }) {
			t.Errorf("line %d is not ASCII: %.200q", i, line)
		}
	}
}

// TestBuild has every header and both parts, and reads as it was meant.
func TestBuild(t *testing.T) {
	m := email("abc")
	m.Email.From, m.Email.ReplyTo = `"Läden, & Söhne" <shop@bücher.example>`, "Help <help@example.com>"
	m.Email.Subject = "Grüße an Ann 🎉 — " + strings.Repeat("sehr langer Betreff ", 20)
	m.Email.HTML = "<p>" + strings.Repeat("ein langer Absatz mit Umlauten äöü ", 300) + "</p>\n.\nFrom me\n"
	m.Email.Text = "Hallo\r\n.\rWelt =3D\n\n-- \nfoot \t"
	raw, err := smtp.Build(m, smtp.Draft{From: "x@y.example", At: start})
	if err != nil {
		t.Fatal(err)
	}
	wire(t, raw)
	again, _ := smtp.Build(m, smtp.Draft{From: "x@y.example", At: start})
	if !bytes.Equal(raw, again) {
		t.Error("the same message twice is not the same")
	}
	h, parts := parse(t, raw)
	want := map[string]string{"To": "ann@example.org", "Reply-To": `"Help" <help@example.com>`, "Subject": strings.TrimSpace(m.Email.Subject), "Date": "Tue, 24 Nov 2026 09:30:00 +0100",
		"Message-Id": "<dlv_abc@xn--bcher-kva.example>", "List-Unsubscribe": "<https://mail.example.com/u/abc>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "List-Id": "<news.example.com>", "Feedback-Id": "b1:ws1:carpel", "Mime-Version": "1.0"}
	got := map[string]string{}
	for name, values := range h {
		if len(values) > 1 {
			t.Errorf("%s stands %d times", name, len(values))
		}
		got[name] = values[0]
	}
	from, err := mail.ParseAddress(got["From"])
	if err != nil || from.Name != "Läden, & Söhne" || from.Address != "shop@xn--bcher-kva.example" {
		t.Errorf("From: %v, %v", from, err)
	}
	delete(got, "From")
	delete(got, "Content-Type")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	lines := func(s string) string { return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s) }
	if diff := cmp.Diff(map[string]string{"text/plain": lines(m.Email.Text), "text/html": lines(m.Email.HTML)}, map[string]string{"text/plain": lines(parts["text/plain"]), "text/html": lines(parts["text/html"])}); diff != "" {
		t.Error(diff)
	}
}

// TestBuildOnePart of either kind, and without what is not there.
func TestBuildOnePart(t *testing.T) {
	for kind, e := range map[string]*carpel.EmailMessage{"text/plain": {To: "a@b.example", Subject: "S", Text: "only text"}, "text/html": {To: "a@b.example", Subject: "S", HTML: "<p>only</p>", Unsubscribe: "http://10.0.0.1/u"}} {
		raw, err := smtp.Build(&carpel.Message{Delivery: "dlv_1", Email: e}, smtp.Draft{From: "x@y.example", At: start})
		if err != nil {
			t.Fatal(err)
		}
		wire(t, raw)
		h, parts := parse(t, raw)
		if len(parts) != 1 || strings.TrimSpace(parts[kind]) != e.Text+e.HTML || h.Get("List-Unsubscribe-Post") != "" || h.Get("List-Id") != "" {
			t.Errorf("%v, %q", h, parts)
		}
	}
}

// TestBuildHostile: what came with a person's data adds no header and no recipient. It is made harmless in a text, and
// refused in an address or an id.
func TestBuildHostile(t *testing.T) {
	for _, breaks := range []string{"\r\n", "\n", "\r", "\r\n ", "\u2028", "\x00", "\x0b"} {
		evil := "x" + breaks + "Bcc: all@example.com"
		m := email("abc")
		m.Email.Subject, m.Email.HTML, m.Email.Text = evil, evil+"\r\n.\r\nMAIL FROM:<x>", evil
		raw, err := smtp.Build(m, smtp.Draft{From: "x@y.example", At: start})
		if err != nil {
			t.Errorf("%q: %v", breaks, err)
			continue
		}
		wire(t, raw)
		if h, _ := parse(t, raw); h.Get("Bcc") != "" || h.Get("Subject") != "x Bcc: all@example.com" {
			t.Errorf("%q: %v", breaks, h)
		}
		for name, set := range map[string]func(*carpel.EmailMessage){
			"From": func(e *carpel.EmailMessage) { e.From = "A <a@b.example>" + breaks + "Bcc: c@d.example" }, "name": func(e *carpel.EmailMessage) { e.From = `"A` + breaks + `B" <a@b.example>` },
			"To": func(e *carpel.EmailMessage) { e.To = "a@b.example" + breaks + "Bcc: c@d.example" }, "Reply-To": func(e *carpel.EmailMessage) { e.ReplyTo = "a@b.example" + breaks + "X: y" },
			"unsubscribe": func(e *carpel.EmailMessage) { e.Unsubscribe = "https://x.example/" + breaks + "X: y" }, "list": func(e *carpel.EmailMessage) { e.ListID = "a" + breaks + "X: y" },
			"feedback": func(e *carpel.EmailMessage) { e.FeedbackID = "a" + breaks + "X: y" },
		} {
			m := email("abc")
			set(m.Email)
			raw, err := smtp.Build(m, smtp.Draft{From: "x@y.example", At: start})
			if err == nil {
				wire(t, raw)
				if h, _ := parse(t, raw); h.Get("Bcc")+h.Get("X") != "" {
					t.Errorf("%s with %q adds a header:\n%s", name, breaks, raw)
				}
			}
		}
	}
	for _, to := range []string{"", "ann", "@example.org", "ann@", "ann@@example.org ", "Ann <ann@example.org>", "a@b.example, c@d.example", "a@b.example> SIZE=1", "<a@b.example>", "a b@c.example", "a@b_c..example", "a@[127.0.0.1]",
		"a@" + strings.Repeat("b", 300), strings.Repeat("a", 65) + "@b.example", "\"a b\"@c.example", "a@b.example\u00a0", "\xff@b.example", "-@-"} {
		m := email("abc")
		m.Email.To, m.Recipient = to, to
		if raw, err := smtp.Build(m, smtp.Draft{From: "x@y.example", At: start}); err == nil {
			t.Errorf("sent to %q:\n%s", to, raw)
		}
	}
	m := email("abc")
	m.Email.Unsubscribe = "https://x.example/" + strings.Repeat("a", 1000)
	if _, err := smtp.Build(m, smtp.Draft{From: "x@y.example", At: start}); err == nil {
		t.Error("a line longer than the wire takes")
	}
}

func FuzzBuild(f *testing.F) {
	f.Add("Ann <ann@example.org>", "ann@example.org", "Hello", "<p>x</p>", "x")
	f.Add("\"a\\\"b\" <a@b.example>", "用户@例え.jp", "=?utf-8?q?x?=", "", "\r\n.\r\n")
	f.Fuzz(func(t *testing.T, from, to, subject, html, text string) {
		m := &carpel.Message{Delivery: "dlv_1", Email: &carpel.EmailMessage{From: from, To: to, Subject: subject, HTML: html, Text: text}}
		raw, err := smtp.Build(m, smtp.Draft{From: "x@y.example", At: start})
		if err != nil {
			return
		}
		for i, line := range strings.SplitAfter(string(raw), "\r\n") {
			if len(line) > 1000 || strings.ContainsAny(strings.TrimSuffix(line, "\r\n"), "\r\n\x00") {
				t.Errorf("line %d: %.200q", i, line)
			}
		}
		h, _ := parse(t, raw)
		for name := range h {
			if !strings.Contains(" From To Subject Date Message-Id Mime-Version Content-Type Content-Transfer-Encoding ", " "+name+" ") {
				t.Errorf("it has a header %q:\n%s", name, raw)
			}
		}
	})
}
