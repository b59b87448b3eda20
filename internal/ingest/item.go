package ingest

import (
	"strings"
	"time"

	"github.com/carpel/carpel"
)

// Item is one item on its way in: what it asks for, how it came, and, after Commit, what became of it.
type Item struct {
	carpel.Item
	Call  string // what the family calls it: identify, track, …
	Raw   []byte // as it came; part of the request's memory
	Index int    // in its batch; -1 for one that came alone
	Base  string // pointer, from the item on, of the object that holds the attributes
	// Fallback is who is meant when nobody is known as Person.
	Fallback carpel.PersonRef
	// Gone says that not finding the person, or the thing, is as good as success: it is to be gone.
	Gone bool

	Refused  *carpel.Error
	Warnings []*carpel.Error
	Repeated bool
	ours     bool // it is about a delivery of this server
	// deliveryPointer points to the id of the delivery that it is about.
	deliveryPointer string
	resolved        string // key of the person it went to
	content         uint64 // hash of what it says, for an item with a message id
}

// Refuse gives the reason why the item is not taken; the first one counts.
func (it *Item) Refuse(e *carpel.Error) {
	if it.Refused == nil {
		it.Refused = e
	}
}

// Refusef is [Item.Refuse] with a code, a pointer and a formatted message.
func (it *Item) Refusef(code, pointer, format string, args ...any) {
	e := carpel.Errorf(code, format, args...)
	e.Pointer = pointer
	it.Refuse(e)
}

// Warnf notes a part that is not taken, while the rest is.
func (it *Item) Warnf(code, pointer, format string, args ...any) {
	e := carpel.Errorf(code, format, args...)
	e.Pointer = pointer
	it.Warnings = append(it.Warnings, e)
}

// ID reads an id: a text or a number of at most limit bytes. Null and "" are no id. What else it is is refused.
func (it *Item) ID(n Node, pointer string, limit int) string {
	if !n.IsSet() {
		return ""
	}
	if !n.IsText() && !n.IsNumber() {
		it.Refusef(carpel.CodeInvalid, pointer, "an id is a text")
		return ""
	}
	id := n.Value().Text()
	it.CheckLength(id, pointer, limit)
	return id
}

// CheckLength refuses an id over its limit.
func (it *Item) CheckLength(id, pointer string, limit int) {
	if len(id) > limit {
		it.Refuse(&carpel.Error{Code: carpel.CodeLimit, Pointer: pointer, Limit: int64(limit), Actual: int64(len(id)),
			Message: carpel.TooLarge("an id", int64(len(id)), int64(limit))})
	}
}

// EventName reads an event's name: 1 to 150 bytes, the ends trimmed; "*" and names that begin with $ are ours.
func (it *Item) EventName(n Node, pointer string) string {
	if n.IsSet() && !n.IsText() {
		it.Refusef(carpel.CodeInvalid, pointer, "an event's name is a text")
		return ""
	}
	name := strings.TrimSpace(n.Text())
	switch {
	case name == "":
		it.Refusef(carpel.CodeInvalid, pointer, "the event has no name")
	case len(name) > carpel.MaxNameBytes:
		it.Refuse(nameTooLong(pointer, len(name)))
	case name == "*" || name[0] == '$':
		it.Refusef(carpel.CodeReserved, pointer, "the event name %.60q is reserved: * and names that begin with $ are ours", name)
	}
	return name
}

// ViewName reads the name of a page or a screen. Pages are named by their address in places, so only the limit of a
// value holds.
func (it *Item) ViewName(n Node, pointer string) string {
	if n.IsSet() && !n.IsText() {
		it.Refusef(carpel.CodeInvalid, pointer, "a name is a text")
	}
	return strings.TrimSpace(n.Text())
}

func nameTooLong(pointer string, n int) *carpel.Error {
	return &carpel.Error{Code: carpel.CodeLimit, Pointer: pointer, Limit: carpel.MaxNameBytes, Actual: int64(n),
		Message: carpel.TooLarge("a name", int64(n), carpel.MaxNameBytes)}
}

// Values reads an object of attributes or properties into values, each name with prefix before it. skip says which
// names mean something else and stay out. A name over the limit refuses the item; one that is reserved or empty is
// left out with a warning.
func (it *Item) Values(n Node, pointer, prefix string, skip func(name []byte) bool) map[string]carpel.Value {
	if !n.IsSet() {
		return nil
	}
	if !n.IsObject() {
		it.Refusef(carpel.CodeInvalid, pointer, "an object is due here")
		return nil
	}
	values := make(map[string]carpel.Value, n.count())
	for key, v := range n.Fields() {
		if skip != nil && skip(key) {
			continue
		}
		switch {
		case len(key)+len(prefix) > carpel.MaxNameBytes:
			it.Refuse(nameTooLong(pointer+"/"+escapePointer(string(key[:carpel.MaxNameBytes-len(prefix)])), len(key)+len(prefix)))
			return nil
		case len(key) == 0:
			it.Warnf(carpel.CodeInvalid, pointer+"/", "a name must not be empty")
		case key[0] == '$':
			it.Warnf(carpel.CodeReserved, pointer+"/"+escapePointer(string(key)), "the name %.60q is reserved: names that begin with $ are ours", key)
		default:
			name := n.doc.name(key)
			if prefix != "" {
				name = prefix + name
			}
			values[name] = it.value(v, pointer, key)
		}
	}
	return values
}

// value reads one value. What is within the limit of an item can be over that of a value only by its numbers, which
// are kept as plain decimals.
func (it *Item) value(n Node, pointer string, key []byte) carpel.Value {
	v := n.Value()
	if _, _, text := v.Parts(); len(text) > carpel.MaxValueBytes {
		it.Refuse(&carpel.Error{Code: carpel.CodeLimit, Pointer: pointer + "/" + escapePointer(string(key)), Limit: carpel.MaxValueBytes, Actual: int64(len(text)),
			Message: carpel.TooLarge("a value", int64(len(text)), carpel.MaxValueBytes)})
	}
	return v
}

// count returns how many fields an object has.
func (n Node) count() (fields int) {
	for i, end := n.i+1, n.node().next; i < end; i = n.doc.nodes[i+1].next {
		fields++
	}
	return fields
}

// escapePointer writes a name as a part of a JSON pointer.
func escapePointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// maxAhead is how far in the future an item may be dated, in milliseconds.
const maxAhead = 24 * 3600 * 1000

// Time reads a moment as the wire formats tell it; a bare date is its midnight in UTC.
func Time(n Node) (carpel.Millis, bool) { return n.Value().AsTime(time.UTC) }

// Earliest is the first moment that an item may be dated: the year 1, before which RFC 3339 has no way of writing it.
const Earliest carpel.Millis = -62_135_596_800_000

// Moment reads when something happened. A time that cannot be read, is from before the year 1, or is later than
// receipt and a day, becomes that of receipt, with a warning. skew is added to what was told.
func (it *Item) Moment(n Node, pointer string, skew carpel.Millis) {
	it.At = it.Received
	if !n.IsSet() {
		return
	}
	at, ok := Time(n)
	switch at += skew; {
	case !ok || at < Earliest:
		it.Warnf(carpel.CodeInvalid, pointer, "%.60q is not a time; the time of receipt was taken", n.Raw())
	case at > it.Received+maxAhead:
		it.Warnf(carpel.CodeLimit, pointer, "the time %s is more than a day ahead; the time of receipt was taken", at)
	default:
		it.At = at
	}
}

// CheckEmail leaves out an email that no mail may ever go to: one with blanks or control characters in it would let
// a sender write headers.
func (it *Item) CheckEmail(pointer string) {
	v, ok := it.Properties["email"]
	if !ok || !v.IsSet() || cleanAddress(v.Text()) {
		return
	}
	delete(it.Properties, "email")
	it.Warnf(carpel.CodeInvalid, pointer+"/email", "the email holds blanks or control characters; it was left out")
}

// IsEmail reports whether a text has the shape of an address.
func IsEmail(s string) bool {
	at := strings.IndexByte(s, '@')
	return at > 0 && at < len(s)-1 && cleanAddress(s)
}

func cleanAddress(s string) bool {
	for _, r := range s {
		if r <= ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == '\u2028' || r == '\u2029' {
			return false
		}
	}
	return true
}
