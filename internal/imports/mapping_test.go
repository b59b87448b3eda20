package imports

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
)

// heapBytes is how much was allocated so far.
func heapBytes() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

func TestGuess(t *testing.T) {
	for _, c := range []struct {
		name, kind string
		given      Mapping
		columns    []string
		want       map[string]string
		wantErr    string
	}{
		{"usual names", "people", Mapping{}, []string{"customerID", "E-Mail", "plan"}, map[string]string{"customerID": "id", "E-Mail": "email"}, ""},
		{"id wins over user_id", "people", Mapping{}, []string{"user_id", "id"}, map[string]string{"id": "id"}, ""},
		{"people have no time by guess", "people", Mapping{}, []string{"id", "date", "time"}, map[string]string{"id": "id"}, ""},
		{"events do", "events", Mapping{}, []string{"customer_id", "date", "event_name"}, map[string]string{"customer_id": "id", "date": "time", "event_name": "event"}, ""},
		{"what is mapped is not guessed", "events", Mapping{Columns: map[string]string{"who": "id", "date": "-"}}, []string{"id", "who", "date"}, map[string]string{"who": "id", "date": "-"}, ""},
		{"an event name for all", "events", Mapping{Event: "Bought"}, []string{"id", "event", "time"}, map[string]string{"id": "id", "time": "time"}, ""},
		{"no such column", "people", Mapping{Columns: map[string]string{"custmer": "id"}}, []string{"customer"}, nil, "customer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.given.guess(c.kind, c.columns)
			if c.wantErr != "" {
				if e, ok := err.(*carpel.Error); !ok || e.Suggestion != c.wantErr {
					t.Fatalf("the error is %v; it must suggest %s", err, c.wantErr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got.Columns); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A file in which no row could be taken is refused once, and before it is sent.
func TestCheckFile(t *testing.T) {
	bad := strings.Repeat("no JSON\n", 3)
	for _, c := range []struct {
		name, kind, format, mapping, file string
		want                              string // the error; "" for none
	}{
		{"people", "people", "csv", ``, "customerID,plan\n", ""},
		{"a misspelt field", "people", "csv", `{"columns":{"customerID":"idd"}}`, "customerID,plan\n7,pro\n",
			`at /mapping/columns: "idd" is no field; no column says who a row is about: map one to id, email, anonymous_id or key (did you mean "id"?)`},
		{"an attribute that is like a field, beside an id", "people", "csv", `{"columns":{"a":"idd"}}`, "id,a\n", ""},
		{"nobody", "members", "csv", ``, "plan\n", "at /mapping/columns: no column says who a row is about: map one to id, email, anonymous_id or key"},
		{"the id left out", "people", "csv", `{"columns":{"id":"-"}}`, "id,plan\n", "at /mapping/columns: no column says who a row is about: map one to id, email, anonymous_id or key"},
		{"people as events", "events", "csv", ``, "customerID,plan\n",
			"at /mapping/columns: no column is the time: map one to time; no column is the name of the event: map one to event, or give one name for all of them"},
		{"events", "events", "csv", `{"event":"Bought"}`, "email,date\n", ""},
		{"a misspelt time", "events", "csv", `{"event":"Bought","columns":{"bought on":"tiem"}}`, "id,bought on\n", `at /mapping/columns: "tiem" is no field; no column is the time: map one to time (did you mean "time"?)`},
		{"lines that name somebody now and then", "people", "ndjson", ``, bad + `{"plan":"pro"}` + "\n" + `{"email":"a@b.example"}` + "\n", ""},
		{"lines that name nobody", "people", "ndjson", ``, bad + `{"plan":"pro"}` + "\n" + `{"name":"Ann"}` + "\n", "at /mapping/columns: no column says who a row is about: map one to id, email, anonymous_id or key"},
		{"a column that is in no line", "people", "ndjson", `{"columns":{"usr":"id"}}`, `{"user":"1"}` + "\n", "at /mapping/columns: no column says who a row is about: map one to id, email, anonymous_id or key"},
		{"bad lines are rejected one by one", "people", "ndjson", ``, bad, ""},
		{"a kind that is none", "things", "csv", ``, "id\n", `at /kind: "things" cannot be imported; there are people, events and members`},
		{"an unknown format", "people", "", ``, "id\n", "at /format: say what the file is: csv, ndjson or parquet"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			if err := CheckFile(keepFile(t, []byte(c.file)), Spec{Kind: c.kind, Format: c.format, Mapping: []byte(c.mapping)}); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The lines of a file name their columns themselves: what is guessed goes by the first good one.
func TestGuessFromRows(t *testing.T) {
	path := keepFile(t, []byte("no JSON\n"+`{"userId":"1","plan":"pro"}`+"\n"))
	got, err := completeMapping(path, Spec{Kind: "people", Format: "ndjson"}, Mapping{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"userId": "id"}, got.Columns); diff != "" {
		t.Error(diff)
	}
}

// say shows an item: who, kind, name, time, properties.
func say(it carpel.Item) string {
	who := strings.Join([]string{it.Person.Key, it.Person.UserID, it.Person.Email, it.Person.AnonymousID}, "/")
	s := fmt.Sprintf("%s %s %q %s", who, it.Kind, it.Name, it.At)
	for _, name := range slices.Sorted(maps.Keys(it.Properties)) {
		v := it.Properties[name]
		s += fmt.Sprintf(" %s=%s:%s", name, v.Kind(), v.Text())
	}
	return s
}

func TestItem(t *testing.T) {
	now, ok := carpel.ParseTime("2026-05-01T00:00:00Z", time.UTC)
	if !ok {
		t.Fatal("bad time")
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 300)
	for _, c := range []struct {
		name, kind string
		mapping    Mapping
		row        map[string]string
		want       string // the item, or "error CODE"
	}{
		{"people", "people", Mapping{Columns: map[string]string{"n": "id"}}, map[string]string{"n": "7", "plan": "pro", "age": "42", "zip": "01234", "price": "29.80", "empty": ""},
			`/7// identify "" 2026-05-01T00:00:00Z age=number:42 plan=text:pro price=text:29.80 zip=text:01234`},
		{"email beside an id is an attribute", "people", Mapping{}, map[string]string{"id": "7", "email": "a@b.example"},
			`/7/a@b.example/ identify "" 2026-05-01T00:00:00Z email=text:a@b.example`},
		{"columns that stay text", "people", Mapping{Text: []string{"phone"}}, map[string]string{"id": "7", "phone": "4930"}, `/7// identify "" 2026-05-01T00:00:00Z phone=text:4930`},
		{"a blank is a text", "people", Mapping{}, map[string]string{"id": "7", "total": " "}, `/7// identify "" 2026-05-01T00:00:00Z total=text: `},
		{"left out", "people", Mapping{Columns: map[string]string{"secret": "-"}}, map[string]string{"id": "7", "secret": "x"}, `/7// identify "" 2026-05-01T00:00:00Z`},
		{"an attribute named time", "people", Mapping{Columns: map[string]string{"time": "attribute:time"}}, map[string]string{"id": "7", "time": "noon"}, `/7// identify "" 2026-05-01T00:00:00Z time=text:noon`},
		{"nobody", "people", Mapping{}, map[string]string{"plan": "pro"}, "error no_identity"},
		{"an id too long", "people", Mapping{}, map[string]string{"id": long}, "error limit"},
		{"a reserved name", "people", Mapping{}, map[string]string{"id": "7", "$first_seen_at": "1"}, "error reserved"},
		{"a name too long", "people", Mapping{}, map[string]string{"id": "7", long: "1"}, "error limit"},
		{"NUL", "people", Mapping{}, map[string]string{"id": "7", "x": "a\x00"}, "error encoding"},
		{"not UTF-8", "people", Mapping{}, map[string]string{"id": "7", "x": "\xff"}, "error encoding"},

		{"events, a bare date is local", "events", Mapping{Event: "Order Completed", Columns: map[string]string{"date": "time"}}, map[string]string{"id": "7", "date": "2026-03-01", "cds": "2"},
			`/7// event "Order Completed" 2026-02-28T23:00:00Z cds=number:2`},
		{"events by seconds", "events", Mapping{}, map[string]string{"id": "7", "time": "1700000000", "event": " Bought "}, `/7// event "Bought" 2023-11-14T22:13:20Z`},
		{"an event without a time", "events", Mapping{Event: "x"}, map[string]string{"id": "7"}, "error invalid"},
		{"an event without a name", "events", Mapping{}, map[string]string{"id": "7", "time": "2026-01-01"}, "error limit"},
		{"no time", "events", Mapping{Event: "x"}, map[string]string{"id": "7", "time": "soon"}, "error invalid"},
		{"too far ahead", "events", Mapping{Event: "x"}, map[string]string{"id": "7", "time": "2027-01-01"}, "error invalid"},

		{"members", "members", Mapping{}, map[string]string{"email": "a@b.example", "plan": "pro"}, `//a@b.example/ member "" 2026-05-01T00:00:00Z`},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := &job{mapping: c.mapping, segment: "seg_1", cells: true, zone: berlin, now: now, seed: []byte("s")}
			row := map[string]carpel.Value{}
			for k, v := range c.row {
				row[k] = carpel.TextValue(v)
			}
			it, err := j.item(c.kind, 1, row)
			got := say(it)
			if err != nil {
				got = "error " + carpel.ErrorCode(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMessageIDs(t *testing.T) {
	j, other := &job{seed: []byte("a")}, &job{seed: []byte("b")}
	seen := map[string]bool{}
	for row := range int64(1000) {
		for _, j := range []*job{j, other} {
			if id := j.messageID(row); seen[id] || len(id) > carpel.MaxIDBytes {
				t.Fatalf("message id %q of row %d", id, row)
			} else {
				seen[id] = true
			}
		}
		if j.messageID(row) != j.messageID(row) {
			t.Fatal("a row has two message ids")
		}
	}
}
