package imports

import (
	"fmt"
	"hash/maphash"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

// mostEmails bounds the emails that a dry run remembers, and so its memory: behind so many it finds none twice.
const mostEmails = 1_000_000

// emails are those of a file, for a dry run: an email is one person's, so that a row that brings it for another is taken
// only in part. What the people who are there already have is not looked at. The zero value is ready.
type emails struct {
	seed  maphash.Seed
	first map[uint64]firstEmail // by the hash of the email, without regard to case
}

// firstEmail is where an email came first, and the hash of the user id that it came with.
type firstEmail struct {
	row int64
	id  uint64
}

// try counts what would become of a batch's items, without giving them to anybody.
func (e *emails) try(b *batch, m *records.Import) {
	for i, it := range b.items {
		row := e.taken(it, b.sources[i].row)
		if row == 0 {
			m.Accepted++
			continue
		}
		m.Partial++
		b.rejected = append(b.rejected, b.sources[i].partial(&carpel.Error{Code: carpel.CodeEmailTaken, Pointer: "/email",
			Message: fmt.Sprintf("the email belongs to another person: row %d has it with another id", row)}))
	}
}

// taken returns the row that has the email of an item for another person; 0 for none.
func (e *emails) taken(it carpel.Item, row int64) int64 {
	email := it.Person.Email
	if v := it.Properties["email"]; email == "" && it.Kind == carpel.ItemIdentify && v.IsSet() {
		email = v.Text()
	}
	if email == "" || it.Person.UserID == "" {
		return 0
	}
	if e.first == nil {
		e.seed, e.first = maphash.MakeSeed(), map[uint64]firstEmail{}
	}
	key, id := maphash.String(e.seed, carpel.Fold(email)), maphash.String(e.seed, it.Person.UserID)
	first, known := e.first[key]
	switch {
	case known && first.id != id:
		return first.row
	case !known && len(e.first) < mostEmails:
		e.first[key] = firstEmail{row, id}
	}
	return 0
}
