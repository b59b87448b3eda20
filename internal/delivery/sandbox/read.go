package sandbox

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"slices"
	"strings"

	"github.com/carpel/carpel"
)

// Parts is what a caught message holds.
type Parts struct {
	Headers []Header        `json:"headers,omitempty"` // of email, in order of their names
	HTML    string          `json:"html,omitempty"`
	Text    string          `json:"text,omitempty"`
	Links   []string        `json:"links,omitempty"`   // addresses that the HTML, or the text, leads to
	Content json.RawMessage `json:"content,omitempty"` // of push and webhook
	Source  string          `json:"source"`            // as it would have gone out
}

// Header is a line of an email's head.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Read takes a caught message apart. What cannot be read is left out: the source is always there.
func Read(kind carpel.ChannelKind, raw []byte) Parts {
	p := Parts{Source: strings.ToValidUTF8(string(raw), "\uFFFD")}
	if kind != carpel.Email {
		if json.Valid(raw) {
			p.Content = raw
		}
		return p
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return p
	}
	decoder := new(mime.WordDecoder)
	for name, values := range m.Header {
		for _, v := range values {
			if plain, err := decoder.DecodeHeader(v); err == nil {
				v = plain
			}
			p.Headers = append(p.Headers, Header{name, v})
		}
	}
	slices.SortStableFunc(p.Headers, func(a, b Header) int { return strings.Compare(a.Name, b.Name) })
	p.read(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body, 0)
	p.Links = links(p.HTML, p.Text)
	return p
}

// maxDepth is how deep parts lie within parts that are read.
const maxDepth = 5

// read reads a part, and those in it.
func (p *Parts) read(contentType, encoding string, body io.Reader, depth int) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") {
		for parts := multipart.NewReader(body, params["boundary"]); depth < maxDepth; {
			part, err := parts.NextRawPart()
			if err != nil {
				return
			}
			p.read(part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part, depth+1)
		}
		return
	}
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	b, _ := io.ReadAll(body) // as far as it can be read
	text := strings.ReplaceAll(strings.ToValidUTF8(string(b), "\uFFFD"), "\r\n", "\n")
	switch {
	case kind == "text/html" && p.HTML == "":
		p.HTML = text
	case kind == "text/plain" && p.Text == "":
		p.Text = text
	}
}

var (
	reference = regexp.MustCompile(`(?i)\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')`)
	address   = regexp.MustCompile(`https?://[^\s<>"]+`)
)

// links are the addresses that a message leads to, each once, in order.
func links(htmlPart, text string) (all []string) {
	add := func(url string) {
		if url != "" && !slices.Contains(all, url) && len(all) < 1000 {
			all = append(all, url)
		}
	}
	for _, m := range reference.FindAllStringSubmatch(htmlPart, -1) {
		add(html.UnescapeString(m[1] + m[2]))
	}
	if htmlPart == "" {
		for _, url := range address.FindAllString(text, -1) {
			add(url)
		}
	}
	return all
}
