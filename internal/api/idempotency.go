package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

// maxIdempotentBody bounds what is buffered of a write with an Idempotency-Key. Uploads beyond it cannot have one.
const maxIdempotentBody = carpel.MaxBody

// idempotent answers a write that is repeated with the same Idempotency-Key with the first one's answer. Answers of
// 5xx are not kept: the write may be tried again. A call with a password in its body takes no key, and does not look at
// one: the hash that is kept of a request would let whoever has the records try passwords at full speed.
func (a *API) idempotent(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get("Idempotency-Key")
		if key == "" || a.open(r) || r.URL.Path == passwordPath || r.Method == http.MethodGet || r.Method == http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		if len(key) > carpel.MaxIDBytes {
			a.writeProblem(w, r, &carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxIDBytes, Actual: int64(len(key)), Message: carpel.TooLarge("the Idempotency-Key", int64(len(key)), carpel.MaxIDBytes)})
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxIdempotentBody))
		if err != nil {
			a.writeProblem(w, r, &carpel.Error{Code: carpel.CodeTooLarge, Limit: maxIdempotentBody, Message: "a body of more than " + carpel.Bytes(maxIdempotentBody) + " cannot have an Idempotency-Key"})
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		request := sha256.New()
		io.WriteString(request, r.Method+" "+r.URL.RequestURI()+"\n")
		request.Write(body)
		who := sessionOf(r.Context())
		workspace, claim := who.workspace, who.who+" "+key // an answer is for the key or the user that got it
		first, err := a.Records.BeginAnswer(r.Context(), workspace, claim, request.Sum(nil))
		if err != nil {
			a.writeProblem(w, r, err)
			return
		}
		if first != nil {
			replayAnswer(w, first)
			return
		}
		a.answerOnce(w, r, next, workspace, claim)
	})
}

// answerOnce serves the request and keeps its answer, without the secret of a key or a link: that is shown once, and kept nowhere.
func (a *API) answerOnce(w http.ResponseWriter, r *http.Request, next http.Handler, workspace, claim string) {
	rec := &recorder{header: http.Header{}, status: http.StatusOK}
	kept := records.Answer{} // a panic below leaves a status of 0: the claim is let go
	defer func() {
		if err := a.Records.EndAnswer(context.WithoutCancel(r.Context()), workspace, claim, kept); err != nil {
			a.Log.Error("answer not kept", "error", err)
		}
	}()
	next.ServeHTTP(rec, r)
	if rec.status < 500 {
		header, _ := json.Marshal(rec.header) // strings always encode
		kept = records.Answer{Status: rec.status, Header: string(header), Body: rec.body.Bytes()}
		if slices.ContainsFunc(secretPaths, func(p string) bool { return strings.HasPrefix(r.URL.Path, p) }) {
			kept.Body = withoutSecret(kept.Body)
		}
	}
	rec.sendTo(w)
}

// secretPaths begin the paths whose answers hold a secret that is shown once.
var secretPaths = []string{"/api/keys", "/api/workspaces", "/api/invitations", "/api/users", "/api/channels"}

var secretFields = regexp.MustCompile(`"(secret|path)": ?"[^"]*"`)

// withoutSecret empties the secret of a new key, or of a new link, in a JSON answer.
func withoutSecret(body []byte) []byte { return secretFields.ReplaceAll(body, []byte(`"$1":""`)) }

func replayAnswer(w http.ResponseWriter, first *records.Answer) {
	rec := &recorder{header: http.Header{}, status: first.Status}
	_ = json.Unmarshal([]byte(first.Header), &rec.header) // ours
	rec.header.Set("Idempotency-Replayed", "true")
	rec.body.Write(first.Body)
	rec.sendTo(w)
}

// recorder holds an answer until it is kept.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

func (r *recorder) sendTo(w http.ResponseWriter) {
	for k, vs := range r.header {
		w.Header()[k] = vs
	}
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body.Bytes()) // the client may be gone
}
