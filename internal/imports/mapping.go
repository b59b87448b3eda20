package imports

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/carpel/carpel"
)

// Mapping says what the columns of a file are. What it leaves open is guessed from the names of the columns; see
// [Mapping.guess].
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

// guesses are the names by which a column is taken for a field when no other is mapped to it: letters and digits
// alone, in small letters, the likeliest first.
func guesses(kind string) []guess {
	gs := []guess{
		{"id", []string{"id", "userid", "customerid", "personid", "memberid", "clientid", "accountid", "externalid", "uid"}},
		{"email", []string{"email", "emailaddress", "mail"}},
		{"anonymous_id", []string{"anonymousid"}},
	}
	if kind == "events" {
		gs = append(gs, guess{"time", []string{"time", "timestamp", "eventtime", "occurredat", "datetime", "date", "createdat"}},
			guess{"event", []string{"event", "eventname"}}, guess{"message_id", []string{"messageid"}})
	}
	return gs
}

type guess struct {
	field string
	names []string
}

// guess returns the mapping with the columns mapped that go by a usual name: customer_id is an id, and in a file of
// events date is the time. A column that the mapping names but the file has not is an error. columns is nil when the
// file names none.
func (m Mapping) guess(kind string, columns []string) (Mapping, error) {
	for column := range m.Columns {
		if columns != nil && !slices.Contains(columns, column) {
			return m, &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/mapping/columns", Suggestion: carpel.Nearest(column, columns),
				Message: fmt.Sprintf("the file has no column %.60q", column)}
		}
	}
	mapped := maps.Clone(m.Columns)
	if mapped == nil {
		mapped = map[string]string{}
	}
	taken := map[string]bool{}
	for _, field := range mapped {
		taken[field] = true
	}
	if m.Event != "" {
		taken["event"] = true
	}
	for _, g := range guesses(kind) {
		for _, name := range g.names {
			i := slices.IndexFunc(columns, func(c string) bool { return mapped[c] == "" && plainName(c) == name })
			if i >= 0 && !taken[g.field] {
				mapped[columns[i]], taken[g.field] = g.field, true
			}
		}
	}
	m.Columns = mapped
	return m, nil
}

// suffices refuses a mapping with which no row of a file with these columns could be taken: none says who a row is
// about, or of an event when it was or what. A field that is none, but nearly the one that is missing, is told.
func (m Mapping) suffices(kind string, columns []string) error {
	there := map[string]bool{}
	for _, column := range columns {
		there[m.field(column)] = true
	}
	var missing, wanted []string
	need := func(what string, fields ...string) {
		if !slices.ContainsFunc(fields, func(f string) bool { return there[f] }) {
			missing, wanted = append(missing, what), append(wanted, fields...)
		}
	}
	need("no column says who a row is about: map one to id, email, anonymous_id or key", "id", "email", "anonymous_id", "key")
	if kind == "events" {
		need("no column is the time: map one to time", "time")
		if m.Event == "" {
			need("no column is the name of the event: map one to event, or give one name for all of them", "event")
		}
	}
	if len(missing) == 0 {
		return nil
	}
	e := &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/mapping/columns", Message: strings.Join(missing, "; ")}
	for _, column := range slices.Sorted(maps.Keys(m.Columns)) {
		field := m.Columns[column]
		if near := carpel.Nearest(field, wanted); near != "" {
			e.Suggestion, e.Message = near, fmt.Sprintf("%.60q is no field; %s", field, e.Message)
			break
		}
	}
	return e
}

// plainName is a column's name without what people write differently.
func plainName(column string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, column)
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
		if j.cells && !slices.Contains(j.mapping.Text, column) {
			v = typed(v.Text())
		}
		if !v.IsSet() || field == "" {
			continue
		}
		if err := checkValue(column, v); err != nil {
			return it, err
		}
		switch field {
		case "id":
			it.Person.UserID = v.Text()
		case "email":
			it.Person.Email = v.Text()
		case "anonymous_id":
			it.Person.AnonymousID = v.Text()
		case "key":
			it.Person.Key = v.Text()
		case "time":
			at, ok := v.AsTime(j.zone)
			if !ok {
				return it, rowError("the column %.60q is no time: %.60q", column, v.Text())
			}
			it.At, timed = at, true
		case "message_id":
			if kind != "events" {
				values[field] = v
				continue
			}
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
			return it, &carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxIDBytes, Actual: int64(len(id)), Message: carpel.TooLarge("the "+what, int64(len(id)), carpel.MaxIDBytes)}
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
	if len(values) > carpel.MaxKeys {
		return it, &carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxKeys, Actual: int64(len(values)), Message: "the row has too many values"}
	}
	for name := range values {
		switch {
		case strings.HasPrefix(name, "$"):
			return it, &carpel.Error{Code: carpel.CodeReserved, Message: fmt.Sprintf("the name %.60q is reserved: names that begin with $ are ours", name)}
		case name == "" || len(name) > carpel.MaxNameBytes:
			return it, &carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxNameBytes, Actual: int64(len(name)), Message: carpel.TooLarge("a name", int64(len(name)), carpel.MaxNameBytes) + ", and has 1 at least"}
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
		return &carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxValueBytes, Actual: int64(len(text)), Message: carpel.TooLarge(fmt.Sprintf("the value of %.60q", column), int64(len(text)), carpel.MaxValueBytes)}
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
