package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

// session is who makes a request.
type session struct {
	workspace string
	key       records.Key
}

type sessionKey struct{}

// sessionOf returns the request's session; identify has put it there.
func sessionOf(ctx context.Context) session {
	s, _ := ctx.Value(sessionKey{}).(session)
	return s
}

// openPaths need no key: they say nothing about any workspace.
func openPath(path string) bool {
	return path == "/api/docs" || strings.HasPrefix(path, "/api/openapi")
}

// identify finds the key of a request and its workspace.
func (a *API) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		if openPath(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok || secret == "" {
			w.Header().Set("WWW-Authenticate", `Bearer realm="carpel"`)
			writeProblem(w, carpel.Errorf(carpel.CodeUnauthorized, "send an API key: Authorization: Bearer ak_…"))
			return
		}
		key, err := a.Records.Authenticate(r.Context(), secret)
		if err == nil && key.Kind != records.APIKey {
			err = carpel.Errorf(carpel.CodeForbidden, "a %s_ key is for ingestion; this call takes an API key (ak_…)", key.Kind)
		}
		if err != nil {
			a.answerError(w, r, err)
			return
		}
		s := session{workspace: key.Workspace, key: key}
		known := r.WithContext(context.WithValue(r.Context(), sessionKey{}, s))
		next.ServeHTTP(w, known)
		r.Pattern = known.Pattern // the route, for who measures requests
	})
}

// authorize refuses a key that lacks the operation's scope.
func (a *API) authorize(ctx huma.Context, next func(huma.Context)) {
	scope, _ := ctx.Operation().Metadata["scope"].(string)
	if scope == "" { // the OpenAPI document
		next(ctx)
		return
	}
	if key := sessionOf(ctx.Context()).key; !key.May(scope) {
		p := problemOf(carpel.Errorf(carpel.CodeForbidden, "this call takes a key with the scope %q; this key has %s", scope, strings.Join(key.Scopes, ", ")))
		ctx.SetStatus(p.Status)
		ctx.SetHeader("Content-Type", p.ContentType(""))
		_ = json.NewEncoder(ctx.BodyWriter()).Encode(p) // the client may be gone
		return
	}
	next(ctx)
}

// maxIdempotentBody bounds what is buffered of a write with an Idempotency-Key. Uploads beyond it cannot have one.
const maxIdempotentBody = carpel.MaxBody

// idempotent answers a write that is repeated with the same Idempotency-Key with the first one's answer. Answers of
// 5xx are not kept: the write may be tried again.
func (a *API) idempotent(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get("Idempotency-Key")
		if key == "" || r.Method == http.MethodGet || r.Method == http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		if len(key) > carpel.MaxIDBytes {
			writeProblem(w, &carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxIDBytes, Actual: int64(len(key)), Message: "the Idempotency-Key is too long"})
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxIdempotentBody))
		if err != nil {
			writeProblem(w, &carpel.Error{Code: carpel.CodeTooLarge, Limit: maxIdempotentBody, Message: "a body this large cannot have an Idempotency-Key"})
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		request := sha256.New()
		io.WriteString(request, r.Method+" "+r.URL.RequestURI()+"\n")
		request.Write(body)
		who := sessionOf(r.Context())
		workspace, claim := who.workspace, who.key.ID+" "+key // an answer is for the API key that got it
		first, err := a.Records.BeginAnswer(r.Context(), workspace, claim, request.Sum(nil))
		if err != nil {
			a.answerError(w, r, err)
			return
		}
		if first != nil {
			replayAnswer(w, first)
			return
		}
		a.answerOnce(w, r, next, workspace, claim)
	})
}

// answerOnce serves the request and keeps its answer, without the secret of a key: that is shown once, and kept nowhere.
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
		if strings.HasPrefix(r.URL.Path, "/api/keys") || r.URL.Path == "/api/workspaces" {
			kept.Body = withoutSecret(kept.Body)
		}
	}
	rec.sendTo(w)
}

// withoutSecret empties the secret of a new key in a JSON answer.
func withoutSecret(body []byte) []byte {
	return regexp.MustCompile(`"secret": ?"[^"]*"`).ReplaceAll(body, []byte(`"secret":""`))
}

func (a *API) answerError(w http.ResponseWriter, r *http.Request, err error) {
	var p *Problem
	if errors.As(a.problem(r.Context(), err), &p) {
		writeProblem(w, &carpel.Error{Code: p.Code, Message: p.Detail})
	}
}

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

func (a *API) registerSession() {
	routeRecords(a, operation{Method: http.MethodGet, Path: "/api/session", Scope: records.ScopeRead, ID: "getSession", Tag: "Workspace",
		Summary: "Say who asks: the key, its workspace and what it may do"}, a.session)
}

// Session is who asks.
type Session struct {
	Workspace carpel.Workspace `json:"workspace"`
	Key       records.Key      `json:"key"`
	Version   string           `json:"version" doc:"Of the server."`
	Now       time.Time        `json:"now" doc:"The server's clock."`
}

type sessionOut struct{ Body Session }

func (a *API) session(c *call, _ *struct{}) (*sessionOut, error) {
	w, err := a.Records.Workspace(c, c.Workspace)
	if err != nil {
		return nil, err
	}
	return &sessionOut{Session{w, c.Key, a.Version, a.Now().UTC()}}, nil
}
