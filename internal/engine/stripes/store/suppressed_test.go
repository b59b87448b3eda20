package store

import (
	"testing"

	"github.com/carpel/carpel"
)

// An id that is freed in a transaction does not free the email that stands beside it.
func TestSuppressedEmailStays(t *testing.T) {
	s := newStore(t, Options{})
	take(t, s, carpel.Item{Kind: carpel.ItemSuppress, Person: carpel.PersonRef{UserID: "u", Email: "a@example.com"}, At: 1})
	tx := s.Begin(2)
	apply(t, tx, carpel.Item{Kind: carpel.ItemUnsuppress, Person: carpel.PersonRef{UserID: "u"}, At: 2})
	out := apply(t, tx, carpel.Item{Kind: carpel.ItemEvent, Name: "order", Person: carpel.PersonRef{UserID: "u", Email: "a@example.com"}, At: 2})
	commit(t, tx)
	if carpel.ErrorCode(out.Refused) != carpel.CodeSuppressed {
		t.Fatalf("%+v", out)
	}
}
