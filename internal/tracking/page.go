package tracking

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strings"
)

//go:embed page.html
var pageText string

// page is what a person sees.
type page struct {
	From    string // name of the workspace
	Title   string
	Notice  string // what was just done
	Text    string
	Choices bool // there is something to choose
	Off     bool // nothing is sent to them
	Topics  []topic
	Address string // in part
}

// topic is something to choose.
type topic struct {
	Key, Name, Description string
	Wanted                 bool
}

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// pagePolicy lets a page have its own style, send its form to where it came from, and nothing else.
var pagePolicy = "default-src 'none'; style-src 'sha256-" + styleHash() + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func styleHash() string {
	_, rest, _ := strings.Cut(pageText, "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func (p page) write(w http.ResponseWriter, status int) {
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		panic(err) // the template is ours
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", pagePolicy)
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the client may be gone
}

// unknown answers a link that is none of ours.
func unknown(w http.ResponseWriter) {
	page{Title: "This link does not work", Text: "It may have been cut short when it was copied. Open the message again and follow the link there."}.write(w, http.StatusNotFound)
}

// unavailable answers when something could not be done.
func unavailable(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "10")
	page{Title: "That did not work", Text: "Nothing was changed. Please try again in a moment."}.write(w, http.StatusServiceUnavailable)
}
