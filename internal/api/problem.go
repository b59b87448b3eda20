package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/carpel/carpel"
)

// Problem is the body of every error: RFC 9457 problem JSON with a stable code, and for a definition the JSON
// pointer of the fault and the nearest right word.
type Problem struct {
	Type       string `json:"type" doc:"Always about:blank; programs go by code."`
	Title      string `json:"title" doc:"The status in words."`
	Status     int    `json:"status" doc:"The HTTP status."`
	Detail     string `json:"detail" doc:"What is wrong and what to do, for people."`
	Code       string `json:"code" doc:"Stable, for programs."`
	Pointer    string `json:"pointer,omitempty" doc:"JSON pointer of the fault in what was sent."`
	Suggestion string `json:"suggestion,omitempty" doc:"The nearest right word."`
	Limit      int64  `json:"limit,omitempty" doc:"The limit that was passed."`
	Actual     int64  `json:"actual,omitempty" doc:"What came."`
	Line       int    `json:"line,omitempty" doc:"Of the fault in the text at the pointer, from 1."`
	Column     int    `json:"column,omitempty" doc:"In characters, from 1."`

	wait time.Duration // until it is worth trying again; 0: not known
}

// Error is the detail.
func (p *Problem) Error() string { return p.Detail }

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is that of problem JSON.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders is what goes with the status: when to try again.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	switch p.Status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusInsufficientStorage:
		wait := cmp.Or(p.wait, retryAfter)
		h.Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
	}
	return h
}

// retryAfter is how long a client is asked to wait when nothing tells how long it takes.
const retryAfter = 5 * time.Second

// statuses is the one place where a code becomes a status. A code that is not here is 400.
var statuses = map[string]int{
	carpel.CodeNotFound: http.StatusNotFound, carpel.CodeConflict: http.StatusConflict, carpel.CodeInUse: http.StatusConflict,
	carpel.CodeCycle: http.StatusConflict, carpel.CodeNotBuilt: http.StatusConflict, carpel.CodeVersion: http.StatusPreconditionFailed,
	carpel.CodeTooLarge: http.StatusRequestEntityTooLarge, carpel.CodeUnauthorized: http.StatusUnauthorized,
	carpel.CodeForbidden: http.StatusForbidden, carpel.CodeTooOften: http.StatusTooManyRequests, carpel.CodeOverloaded: http.StatusServiceUnavailable,
	carpel.CodeDiskFull: http.StatusInsufficientStorage, carpel.CodeGone: http.StatusGone, carpel.CodeInternal: http.StatusInternalServerError,
}

// problem turns an error into what the caller may read, and counts it. What is not an *carpel.Error is logged and shown
// as "internal error".
func (a *API) problem(ctx context.Context, err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	e := a.readable(ctx, err)
	a.Refused(e.Reason())
	return problemOf(e)
}

func (a *API) readable(ctx context.Context, err error) *carpel.Error {
	var e *carpel.Error
	if errors.As(err, &e) {
		return e
	}
	if ctx.Err() != nil { // the caller went away; nobody reads this
		return carpel.Errorf(carpel.CodeOverloaded, "the request was cancelled")
	}
	a.Log.ErrorContext(ctx, "request failed", "error", err)
	return carpel.Errorf(carpel.CodeInternal, "internal error; the server's log says more")
}

func problemOf(e *carpel.Error) *Problem {
	status, ok := statuses[e.Code]
	if !ok {
		status = http.StatusBadRequest
	}
	if e.Code == carpel.CodeOverloaded && e.Limit > 0 { // a bound's; the others are a server that stops
		status = http.StatusTooManyRequests
	}
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: e.Message, Code: e.Code,
		Pointer: e.Pointer, Suggestion: e.Suggestion, Limit: e.Limit, Actual: e.Actual, Line: e.Line, Column: e.Column, wait: e.Wait}
}

// writeProblem answers with an error outside of the framework's handlers.
func (a *API) writeProblem(w http.ResponseWriter, r *http.Request, err error) {
	p := a.problem(r.Context(), err)
	w.Header().Set("Content-Type", p.ContentType(""))
	for name, values := range p.GetHeaders() {
		w.Header()[name] = values
	}
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client may be gone
}
