package render

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"

	"github.com/carpel/carpel"
)

// The formats of an email's body.
const (
	formatMJML = "mjml"
	formatHTML = "html"
)

func (t *Template) compileEmail(c *carpel.EmailContent) (err error) {
	for _, f := range []struct {
		to           **program
		name, source string
	}{{&t.subject, "subject", c.Subject}, {&t.from, "from", c.From}, {&t.replyTo, "reply_to", c.ReplyTo}} {
		if *f.to, err = t.plain("/email/"+f.name, f.source); err != nil {
			return err
		}
	}
	if strings.TrimSpace(c.Subject) == "" {
		return &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/email/subject", Message: "an email needs a subject"}
	}
	if strings.TrimSpace(c.Body) == "" {
		return &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/email/body", Message: "an email needs a body"}
	}
	page, err := t.page(c)
	if err != nil {
		return err
	}
	if c.Text != "" {
		t.text, err = t.plain("/email/text", c.Text)
		return err
	}
	// The plain part is a program of its own, made once: nothing of HTML is read for a message.
	t.textMade = true
	made, _ := unmark(newTexter(page).convert(mark(page)), page)
	t.text, err = compile("/email/body", made, false)
	return err
}

// page compiles the body, and returns the tokens of its HTML.
func (t *Template) page(c *carpel.EmailContent) ([]token, error) {
	tokens, err := scan("/email/body", c.Body)
	if err != nil {
		return nil, err
	}
	switch c.Format {
	case formatMJML:
		tokens, err = fromMJML("/email/body", tokens)
	case formatHTML:
	default:
		err = &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/email/format", Message: fmt.Sprintf("%.20q is no format of a body; there are mjml and html", c.Format)}
	}
	if err != nil {
		return nil, err
	}
	whole := tokens
	if c.Preheader != "" {
		if whole, err = t.withPreheader(tokens, c.Preheader); err != nil {
			return nil, err
		}
	}
	t.html, err = t.keep(compile("/email/body", whole, true))
	return tokens, err
}

// preheaderBegin and preheaderEnd hide what inboxes show behind the subject. What follows it keeps them from showing the
// body as well.
const preheaderBegin = `<div style="display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;mso-hide:all">`

var preheaderEnd = strings.Repeat("&#847;&zwnj;&nbsp;", 40) + "</div>"

// withPreheader puts the preheader behind the body's start tag, or first.
func (t *Template) withPreheader(tokens []token, preheader string) ([]token, error) {
	inner, err := scan("/email/preheader", preheader)
	if err != nil {
		return nil, err
	}
	p, err := compile("/email/preheader", inner, true)
	if err != nil {
		return nil, err
	}
	insert := []token{{kind: textToken, text: preheaderBegin}, {kind: insertToken, part: p}, {kind: textToken, text: preheaderEnd}}
	marked := mark(tokens)
	at := 0
	if body := lastIndexFold([]byte(marked), "<body"); body >= 0 {
		tag, _ := wholeTag(marked[body:])
		at = body + len(tag)
	}
	before, _ := unmark(marked[:at], tokens)
	after, _ := unmark(marked[at:], tokens)
	return append(append(before, insert...), after...), nil
}

func (t *Template) renderEmail(r *run, links *Links) (*carpel.EmailMessage, error) {
	m := &carpel.EmailMessage{Unsubscribe: links.Unsubscribe}
	subject, err := r.text(t.subject)
	if err != nil {
		return nil, err
	}
	m.Subject = line(subject)
	if m.From, err = r.address(t.from); err != nil {
		return nil, err
	}
	if m.ReplyTo, err = r.address(t.replyTo); err != nil {
		return nil, err
	}
	page, err := r.bytes(t.html)
	if err != nil {
		return nil, err
	}
	if r.page, err = links.rewriteHTML(r.page[:0], page); err != nil {
		return nil, at(t.html, err)
	}
	m.HTML = string(r.page)
	r.flat = t.textMade
	text, err := r.text(t.text)
	if err != nil {
		return nil, err
	}
	if m.Text, err = links.rewriteText(text); err != nil {
		return nil, at(t.text, err)
	}
	if t.textMade {
		m.Text = tidy(m.Text)
	}
	return m, nil
}

// at puts the pointer of a program into an error.
func at(p *program, err error) error {
	var e *carpel.Error
	if errors.As(err, &e) && e.Pointer == "" {
		e.Pointer = p.pointer
	}
	return err
}

// address renders a sender: "Name <address>". The name may be any text; a value cannot make another address of it,
// since the address is what stands in the last angle brackets, and is checked.
func (r *run) address(p *program) (string, error) {
	s, err := r.text(p)
	if s = line(s); err != nil || s == "" {
		return "", err
	}
	name, address := "", s
	if open := strings.LastIndexByte(s, '<'); open >= 0 && strings.HasSuffix(s, ">") {
		name, address = strings.TrimSpace(s[:open]), s[open+1:len(s)-1]
	}
	parsed, err := mail.ParseAddress("<" + strings.TrimSpace(address) + ">")
	if err != nil || strings.ContainsAny(parsed.Address, " \t\"") {
		return "", &carpel.Error{Code: carpel.CodeInvalid, Pointer: p.pointer, Message: `this is not "Name <address>" or an address once its variables are filled in`}
	}
	if name = strings.Trim(name, `"`); name == "" {
		return parsed.Address, nil
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `" <` + parsed.Address + ">", nil
}
