package imports

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/carpel/carpel"
)

// Mapping says what the columns of a file are. The zero Mapping takes every column by its own name.
type Mapping struct {
	// Columns maps a column to a field; a column that is not named goes by its own name. The fields:
	//
	//	id, email, anonymous_id, key   who the row is about
	//	time                           when: of an event required; of people when the attributes were so, else now
	//	event                          events: the name
	//	message_id                     events: the id by which a repeat is known, instead of the file's row
	//	attribute:NAME, property:NAME  an attribute or property whose name is one of the above
	//	-                              the column is left out
	//
	// Everything else is the name of an attribute (people) or property (events).
	Columns map[string]string `json:"columns,omitempty"`
	Event   string            `json:"event,omitempty"` // events: the name, when no column has it
	Text    []string          `json:"text,omitempty"`  // columns that stay text even where they look like numbers
}

// check refuses a mapping that no row could satisfy.
func (m Mapping) check(kind string) error {
	if kind != "people" && kind != "events" && kind != "members" {
		return &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/kind", Message: fmt.Sprintf("%.20q cannot be imported; there are people, events and members", kind)}
	}
	if m.Event != "" && kind != "events" {
		return &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/mapping/event", Message: "only events have an event name"}
	}
	seen := map[string]string{}
	for column, field := range m.Columns {
		if other, ok := seen[field]; ok && field != "-" {
			return &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/mapping/columns", Message: fmt.Sprintf("the columns %.60q and %.60q are both mapped to %.60q", min(column, other), max(column, other), field)}
		}
		seen[field] = column
	}
	return nil
}

// field returns what a column is; "" for one that is left out.
func (m Mapping) field(column string) string {
	field, ok := m.Columns[column]
	if !ok {
		field = strings.TrimSpace(column)
	}
	if field == "-" {
		return ""
	}
	return field
}

// item makes an item from a row.
func (j *job) item(kind string, number int64, row map[string]carpel.Value) (carpel.Item, error) {
	it := carpel.Item{Kind: carpel.ItemIdentify, MessageID: j.messageID(number), At: j.now, Received: j.now, Source: "import"}
	values := map[string]carpel.Value{}
	timed := false
	for column, v := range row {
		field := j.mapping.field(column)
		if !v.IsSet() || field == "" {
			continue
		}
		if err := checkValue(column, v); err != nil {
			return it, err
		}
		switch field {
		case "id", "user_id":
			it.Person.UserID = v.Text()
		case "email":
			it.Person.Email = v.Text()
		case "anonymous_id":
			it.Person.AnonymousID = v.Text()
		case "key":
			it.Person.Key = v.Text()
		case "time", "timestamp":
			at, ok := v.AsTime(j.zone)
			if !ok {
				return it, rowError("the column %.60q is no time: %.60q", column, v.Text())
			}
			it.At, timed = at, true
		case "message_id":
			it.MessageID = v.Text()
		case "event":
			it.Name = strings.TrimSpace(v.Text())
		case "attributes", "properties":
			if v.Kind() == carpel.Object {
				for name, inner := range v.Fields() {
					values[name] = inner
				}
				continue
			}
			values[field] = v
		default:
			name := strings.TrimPrefix(strings.TrimPrefix(field, "attribute:"), "property:")
			values[name] = v
		}
	}
	return j.complete(kind, it, values, timed)
}

// complete checks what a row of a kind needs.
func (j *job) complete(kind string, it carpel.Item, values map[string]carpel.Value, timed bool) (carpel.Item, error) {
	if it.Person.IsZero() {
		return it, &carpel.Error{Code: carpel.CodeNoIdentity, Message: "the row names nobody: map a column to id, email, anonymous_id or key"}
	}
	for what, id := range map[string]string{"id": it.Person.UserID, "email": it.Person.Email, "anonymous_id": it.Person.AnonymousID, "key": it.Person.Key, "message_id": it.MessageID} {
		if len(id) > carpel.MaxIDBytes {
			return it, &carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxIDBytes, Actual: int64(len(id)), Message: "the " + what + " is too long"}
		}
	}
	if it.At > j.now+24*3600*1000 {
		return it, rowError("the time %s is more than a day ahead", it.At)
	}
	it.Properties = values
	switch kind {
	case "members":
		it.Kind, it.Properties = carpel.ItemMember, nil
		it.Segment = &carpel.MemberChange{ID: j.segment, Cause: carpel.CauseImport}
	case "people":
		if it.Person.Email != "" && it.Person.UserID != "" {
			values["email"] = carpel.TextValue(it.Person.Email)
		}
		if it.Name != "" { // a people file with a column of that name
			values["event"] = carpel.TextValue(it.Name)
			it.Name = ""
		}
	case "events":
		it.Kind = carpel.ItemEvent
		if it.Name == "" {
			it.Name = j.mapping.Event
		}
		if it.Name == "" || len(it.Name) > carpel.MaxNameBytes {
			return it, &carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxNameBytes, Actual: int64(len(it.Name)), Message: "an event needs a name of 1 to 150 bytes: map a column to event, or give one name for all"}
		}
		if !timed {
			return it, rowError("an event needs a time: map a column to time")
		}
	}
	for name := range values {
		switch {
		case strings.HasPrefix(name, "$"):
			return it, &carpel.Error{Code: carpel.CodeReserved, Message: fmt.Sprintf("the name %.60q is reserved: names that begin with $ are ours", name)}
		case name == "" || len(name) > carpel.MaxNameBytes:
			return it, &carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxNameBytes, Actual: int64(len(name)), Message: "a name has 1 to 150 bytes"}
		}
	}
	return it, nil
}

// typed reads a cell: a number where nothing is lost by it, so that "29.33" is 29.33 and "007" stays a text; an empty
// cell is no value.
func typed(cell string) carpel.Value {
	if cell == "" {
		return carpel.Value{}
	}
	if v, ok := carpel.TextValue(cell).AsNumber(); ok && v.Text() == cell {
		return v
	}
	return carpel.TextValue(cell)
}

// checkValue refuses what no value may be.
func checkValue(column string, v carpel.Value) error {
	_, _, text := v.Parts()
	switch {
	case len(text) > carpel.MaxValueBytes:
		return &carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxValueBytes, Actual: int64(len(text)), Message: fmt.Sprintf("the value of %.60q is too long", column)}
	case !utf8.ValidString(text):
		return &carpel.Error{Code: carpel.CodeEncoding, Message: fmt.Sprintf("the value of %.60q is not UTF-8", column)}
	case strings.ContainsRune(text, 0):
		return &carpel.Error{Code: carpel.CodeEncoding, Message: fmt.Sprintf("the value of %.60q holds a NUL", column)}
	}
	return nil
}

// rowError is the fault of one row: the next one may be good.
func rowError(format string, args ...any) *carpel.Error {
	return carpel.Errorf(carpel.CodeInvalid, format, args...)
}
