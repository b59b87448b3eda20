package carpel

import (
	"errors"
	"fmt"
	"time"
)

// Error is what a user may read: a stable code, a message that says what to do, and, where there is one, the
// place of the fault and the limit that was passed. Every other error is shown as "internal error".
type Error struct {
	Code       string `json:"code"`                 // stable, for programs: one of the Code constants
	Message    string `json:"message"`              // for people; holds no personal data but what the caller sent
	Pointer    string `json:"pointer,omitempty"`    // JSON pointer of the fault in what was sent
	Suggestion string `json:"suggestion,omitempty"` // the nearest right word, when one is near
	Limit      int64  `json:"limit,omitempty"`      // the limit that was passed
	Actual     int64  `json:"actual,omitempty"`     // what came
	Line       int    `json:"line,omitempty"`       // of the fault in the text at Pointer, from 1; 0 where that says nothing
	Column     int    `json:"column,omitempty"`     // in characters, from 1

	Wait  time.Duration `json:"-"` // how long until it is worth trying again, where that is known
	Bound string        `json:"-"` // of CodeOverloaded: which bound was passed, for metrics
}

// Error returns the message, with the pointer and the suggestion when there are any.
func (e *Error) Error() string {
	s := e.Message
	if e.Pointer != "" {
		s = "at " + e.Pointer + ": " + s
	}
	if e.Suggestion != "" {
		s += fmt.Sprintf(" (did you mean %q?)", e.Suggestion)
	}
	return s
}

// The codes of an [Error]. internal/api turns them into an HTTP status in one place.
const (
	CodeInvalid         = "invalid"          // malformed: wrong type, wrong shape
	CodeUnknownKey      = "unknown_key"      // a key or operator that does not exist
	CodeNotFound        = "not_found"        // no such thing in this workspace
	CodeConflict        = "conflict"         // the state does not allow it
	CodeInUse           = "in_use"           // something else still refers to it
	CodeCycle           = "cycle"            // a segment would refer to itself
	CodeNotBuilt        = "not_built"        // refers to a segment that was never built
	CodeVersion         = "version_mismatch" // If-Match does not fit
	CodeLimit           = "limit"            // a limit of the limits table was passed
	CodeTooLarge        = "too_large"        // a size limit was passed: HTTP 413
	CodeNumberRange     = "number_range"     // a number no float64 can hold
	CodeEncoding        = "encoding"         // invalid UTF-8, a lone surrogate, NUL
	CodeDuplicateKey    = "duplicate_key"    // the same key twice in one JSON object
	CodeReserved        = "reserved"         // a name that begins with $, or is otherwise ours
	CodeNoIdentity      = "no_identity"      // no user id, email or anonymous id
	CodeEmailTaken      = "email_taken"      // the email belongs to another person; that trait alone is refused
	CodeSuppressed      = "suppressed"       // the id is suppressed
	CodePublicKey       = "public_key"       // a browser key may not do this
	CodeRepeated        = "repeated"         // the message id came before; the first counts
	CodeUnauthorized    = "unauthorized"     // no key, or a bad one
	CodeForbidden       = "forbidden"        // the key lacks the scope
	CodeTooOften        = "too_often"        // too many failed attempts
	CodeOverloaded      = "overloaded"       // try again after Retry-After
	CodeDiskFull        = "disk_full"        // no space left; reads go on
	CodeGone            = "gone"             // a cursor behind what is kept
	CodeUnsupportedType = "unsupported_type" // an object or relationship of the Customer.io family
	CodeInternal        = "internal"
)

// Reason is why a request was refused, for metrics: the bound that was passed, else the code.
func (e *Error) Reason() string {
	if e.Bound != "" {
		return e.Bound
	}
	return e.Code
}

// Errorf returns an [Error] with a code and a formatted message.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// ErrorCode returns the code of the [Error] in err's chain, CodeInternal for any other error, "" for nil.
func ErrorCode(err error) string {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}
