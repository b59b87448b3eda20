package tracking

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"strings"
)

// fields are the fields of a head, by their canonical names.
type fields textproto.MIMEHeader

func (f fields) get(name string) string { return textproto.MIMEHeader(f).Get(name) }

// named are the fields of a head in which ids of deliveries are looked for.
var named = []string{"Message-Id", "X-Carpel-Delivery", "Feedback-Id", "In-Reply-To", "References", "Original-Message-Id", "X-Original-Message-Id"}

// message reads a message: the one that came, or one within it.
func (m *reading) message(raw []byte, depth int) {
	head, body := readHead(raw)
	for _, name := range named {
		for _, value := range head[name] {
			m.note(value)
		}
	}
	m.failed = m.failed || depth == 0 && fields(head).get("X-Failed-Recipients") != ""
	m.outlook = m.outlook || fields(head).get("X-HmXmrOriginalRecipient") != ""
	m.part(head, body, depth)
}

// part reads one part by its type.
func (m *reading) part(head textproto.MIMEHeader, body []byte, depth int) {
	if m.parts++; m.parts > maxParts || depth > maxNest {
		return
	}
	kind, parameters, err := mime.ParseMediaType(head.Get("Content-Type"))
	if err != nil {
		kind, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(head.Get("Content-Type"))), ";")
	}
	switch {
	case strings.HasPrefix(kind, "multipart/"):
		m.multipart(body, parameters["boundary"], depth)
	case kind == "message/delivery-status" || kind == "message/global-delivery-status":
		m.status = append(m.status, groups(decode(head, body))...)
	case kind == "message/feedback-report":
		g := groups(decode(head, body))
		if len(g) > 0 && m.feedback == nil {
			m.feedback = g[0]
		}
	case kind == "message/rfc822" || kind == "message/global" || kind == "text/rfc822-headers" || kind == "message/rfc822-headers" || kind == "message/global-headers":
		m.message(decode(head, body), depth+1)
	case depth == 0 && m.text == "" && (kind == "" || strings.HasPrefix(kind, "text/")):
		m.text = string(decode(head, body))
		if m.failed || qmail.MatchString(m.text) { // such reports have the message, or its head, within their text
			m.note(m.text)
		}
	}
}

func (m *reading) multipart(body []byte, boundary string, depth int) {
	if boundary == "" {
		return
	}
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	for m.parts < maxParts {
		p, err := r.NextRawPart()
		if err != nil {
			return // what was read before damage counts
		}
		inner, _ := io.ReadAll(p) // likewise; bounded by the body
		nest := depth
		if strings.HasPrefix(strings.ToLower(p.Header.Get("Content-Type")), "multipart/") {
			nest++
		}
		m.part(p.Header, inner, nest)
	}
}

// readHead splits a message into its head and its body. A head that is damaged is read as far as it goes.
func readHead(raw []byte) (textproto.MIMEHeader, []byte) {
	raw = bytes.TrimLeft(raw, "\r\n")
	if bytes.HasPrefix(raw, []byte("From ")) { // an mbox's first line, as pipes of mail servers add it
		if n := bytes.IndexByte(raw, '\n'); n >= 0 {
			raw = raw[n+1:]
		}
	}
	b := bufio.NewReader(bytes.NewReader(raw))
	head, _ := textproto.NewReader(b).ReadMIMEHeader()
	if head == nil {
		head = textproto.MIMEHeader{}
	}
	body, _ := io.ReadAll(b) // of memory
	return head, body
}

// decode undoes a part's transfer encoding, as far as it can be undone.
func decode(head textproto.MIMEHeader, body []byte) []byte {
	var r io.Reader
	switch strings.ToLower(strings.TrimSpace(head.Get("Content-Transfer-Encoding"))) {
	case "quoted-printable":
		r = quotedprintable.NewReader(bytes.NewReader(body))
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, bytes.NewReader(body))
	default:
		return body
	}
	plain, _ := io.ReadAll(r)
	return plain
}

// groups reads groups of fields with empty lines between them.
func groups(b []byte) (all []fields) {
	b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
	for group := range bytes.SplitSeq(b, []byte("\n\n")) {
		if len(all) >= maxParts {
			return all
		}
		if group = bytes.Trim(group, "\n"); len(group) == 0 {
			continue
		}
		head, _ := textproto.NewReader(bufio.NewReader(bytes.NewReader(append(bytes.Clone(group), "\n\n"...)))).ReadMIMEHeader()
		if len(head) > 0 {
			all = append(all, fields(head))
		}
	}
	return all
}
