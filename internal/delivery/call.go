package delivery

import (
	"errors"

	"github.com/carpel/carpel/internal/outbound"
)

// Unanswered is what came of a message handed over by a call that got no answer: refused when the address may not be
// called, uncertain when the request had gone out, else deferred.
func Unanswered(err error) Outcome {
	var refused *outbound.RefusedError
	var call *outbound.CallError
	switch {
	case errors.As(err, &refused):
		return Outcome{Result: Refused, Detail: refused.Error()}
	case errors.As(err, &call) && call.Written:
		return Outcome{Result: Uncertain, Detail: outbound.Words("no answer: " + err.Error())}
	}
	return Outcome{Result: Deferred, Detail: outbound.Words(err.Error())}
}
