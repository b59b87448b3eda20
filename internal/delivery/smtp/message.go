package smtp

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"mime/quotedprintable"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/carpel/carpel"
)

// Draft says how a message becomes bytes.
type Draft struct {
	From string    // "Name <address>" of a message that has none
	At   time.Time // of the header Date
	Keys []Key     // sign it; none: it goes unsigned
}

// Build returns an email as it goes over the wire: headers, a plain and an HTML part, lines of at most 998 bytes that end in
// CRLF, all of it ASCII but for addresses that are not. The same message and draft give the same bytes, signatures apart.
// Its error says what about the message cannot be sent.
func Build(m *carpel.Message, d Draft) ([]byte, error) {
	mail, err := compose(m, d)
	return mail.raw, err
}

// composed is an email with its envelope.
type composed struct {
	from, to address
	raw      []byte
}

func compose(m *carpel.Message, d Draft) (composed, error) {
	e := m.Email
	if e == nil {
		return composed{}, errors.New("the message is no email")
	}
	var c composed
	var err error
	from := e.From
	if from == "" {
		from = d.From
	}
	if c.from, err = sender(from); err != nil {
		return c, fmt.Errorf("the sender: %w", err)
	}
	to := e.To
	if to == "" {
		to = m.Recipient
	}
	if c.to, err = plain(to); err != nil {
		return c, fmt.Errorf("the recipient: %w", err)
	}
	var b bytes.Buffer
	h := headers{&b, nil}
	h.add("From", c.from.header())
	h.add("To", c.to.header())
	if e.ReplyTo != "" {
		reply, err := sender(e.ReplyTo)
		if err != nil {
			return c, fmt.Errorf("the address for replies: %w", err)
		}
		h.add("Reply-To", reply.header())
	}
	h.add("Subject", words(e.Subject))
	h.add("Date", d.At.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	h.add("Message-ID", "<"+m.Delivery+"@"+c.from.domain()+">")
	if e.Unsubscribe != "" {
		h.add("List-Unsubscribe", "<"+e.Unsubscribe+">")
		if strings.HasPrefix(e.Unsubscribe, "https://") { // RFC 8058 wants it so
			h.add("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
		}
	}
	if e.ListID != "" {
		h.add("List-Id", "<"+strings.Trim(e.ListID, "<>")+">")
	}
	if e.FeedbackID != "" {
		h.add("Feedback-ID", e.FeedbackID)
	}
	h.add("MIME-Version", "1.0")
	h.body(e, m.Delivery)
	if h.err != nil {
		return c, h.err
	}
	c.raw, err = sign(b.Bytes(), d.Keys)
	return c, err
}

// headers writes the head of a message; err is the first that something did not fit.
type headers struct {
	*bytes.Buffer
	err error
}

const maxLine = 998 // of RFC 5322, without the line's end

// add writes a header, folded at blanks. What holds a line break or another control character is refused: nothing that is
// rendered can add a header.
func (h *headers) add(name, value string) {
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\ufffd' }) || !utf8.ValidString(value) {
		h.fail(fmt.Errorf("the header %s holds a control character", name))
		return
	}
	line := name + ":"
	for word := range strings.FieldsSeq(value) {
		if len(line)+1+len(word) > 76 && strings.TrimSpace(line) != name+":" {
			h.line(name, line)
			line = ""
		}
		line += " " + word
	}
	h.line(name, line)
}

func (h *headers) line(name, line string) {
	if len(line) > maxLine {
		h.fail(fmt.Errorf("the header %s has a word of more than %d bytes", name, maxLine-50))
	}
	h.WriteString(line + "\r\n")
}

func (h *headers) fail(err error) {
	if h.err == nil {
		h.err = err
	}
}

// words is a text for a header, as RFC 2047 has it when it is not ASCII. White space of any kind is one blank: a line break
// that came with a person's name adds no header.
func words(s string) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, ""), func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' }), " ")
	if isASCII(s) && !strings.Contains(s, "=?") && !slices.ContainsFunc(strings.Fields(s), func(w string) bool { return len(w) > maxWord }) {
		return s
	}
	var all []string
	for s != "" {
		n := min(len(s), 45) // 60 bytes in base64: with what is around them the word has the 75 that are allowed
		for n < len(s) && !utf8.RuneStart(s[n]) {
			n--
		}
		all = append(all, "=?utf-8?b?"+base64.StdEncoding.EncodeToString([]byte(s[:n]))+"?=")
		s = s[n:]
	}
	return strings.Join(all, " ")
}

// maxWord is how long a word of a text may be before it is encoded, so that lines can be folded.
const maxWord = 200

func isASCII(s string) bool { return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 }) }

// body writes the type and the parts: plain text, HTML, or both as alternatives, the better one last.
func (h *headers) body(e *carpel.EmailMessage, id string) {
	switch {
	case e.HTML == "":
		h.part("text/plain", e.Text)
		h.WriteString("\r\n")
	case e.Text == "":
		h.part("text/html", e.HTML)
		h.WriteString("\r\n")
	default:
		// A boundary with =_ stands in no quoted-printable text, and one of the id is the same at every attempt.
		sum := sha256.Sum256([]byte(id))
		boundary := "=_" + hex.EncodeToString(sum[:12])
		h.WriteString("Content-Type: multipart/alternative; boundary=\"" + boundary + "\"\r\n\r\n")
		h.WriteString("--" + boundary + "\r\n")
		h.part("text/plain", e.Text)
		h.WriteString("\r\n--" + boundary + "\r\n")
		h.part("text/html", e.HTML)
		h.WriteString("\r\n--" + boundary + "--\r\n")
	}
}

func (h *headers) part(kind, text string) {
	h.WriteString("Content-Type: " + kind + "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	w := quotedprintable.NewWriter(h)
	_, err := w.Write([]byte(text))
	if err = errors.Join(err, w.Close()); err != nil {
		h.fail(err)
	}
}
