package imports

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/carpel/carpel"
)

// FuzzNDJSON holds every line against encoding/json: a row that is taken is the object that the line says, and what is
// no JSON object is refused alone.
func FuzzNDJSON(f *testing.F) {
	f.Add([]byte("{\"id\":\"u\",\"n\":1.50}\n\n{\"a\":1,\"a\":2}\r\n[1]\nnull\n{\"a\":"))
	f.Add([]byte("\ufeff{\"a\":{\"b\":[1,2]}}"))
	f.Add([]byte("\f{}\n\u00a0{}\n\v\n \t{}\r\n")) // white space for Unicode, not for JSON
	f.Add([]byte("{\"a\":\"\xff\"}\n{\"\\ud800\":1}"))
	path := filepath.Join(f.TempDir(), "file")
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		rs, err := openRows(path, "ndjson")
		if err != nil {
			t.Fatal(err)
		}
		defer rs.Close()
		lines := bytes.Split(bytes.TrimPrefix(content, []byte("\ufeff")), []byte("\n"))
		for range len(lines) + 1 {
			row, raw, err := rs.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil && !isRowError(err) {
				t.Fatal(err)
			}
			line := lines[rs.Line()-1]
			if err == nil && raw != string(bytes.Trim(line, jsonSpace)) {
				t.Fatalf("line %d is %q, told as %q", rs.Line(), line, raw)
			}
			var want map[string]any
			if dec := json.NewDecoder(bytes.NewReader(line)); dec.Decode(&want) != nil || want == nil {
				if err == nil {
					t.Fatalf("%q is no object, and was taken as %v", line, row)
				}
				continue
			}
			if err == nil && len(row) != len(want) {
				t.Fatalf("%q has %d fields, %d were taken", line, len(want), len(row))
			}
		}
		t.Fatal("more rows than lines")
	})
}

// FuzzParquet reads anything as Parquet: it may be refused, it may not break, go on for ever or take more memory than a
// row may have.
func FuzzParquet(f *testing.F) {
	type row struct {
		ID   string    `parquet:"id"`
		N    *float64  `parquet:"n,optional"`
		When time.Time `parquet:"when,timestamp(millisecond)"`
		Yes  bool      `parquet:"yes"`
	}
	var b bytes.Buffer
	n := 1.5
	if err := parquet.Write(&b, []row{{"u1", &n, time.UnixMilli(1_772_366_400_000), true}, {ID: "u2"}}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes(), 0, byte(0))
	f.Add(b.Bytes(), b.Len()-20, byte(0xff))
	f.Add([]byte("PAR1PAR1"), 0, byte(0))
	path := filepath.Join(f.TempDir(), "file")
	f.Fuzz(func(t *testing.T, content []byte, at int, flip byte) {
		if len(content) > 0 && at >= 0 {
			content = bytes.Clone(content)
			content[at%len(content)] ^= flip
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		rs, err := openRows(path, "parquet")
		if err != nil {
			return
		}
		defer rs.Close()
		for range 10_000 {
			_, _, err := rs.Next()
			if err != nil && !isRowError(err) {
				break
			}
		}
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 1<<30 {
			t.Fatalf("%d bytes of a file of %d", took, len(content))
		}
	})
}

// FuzzMapping reads any mapping over any row: what is taken is within the limits, and reading a cell loses nothing.
func FuzzMapping(f *testing.F) {
	f.Add([]byte(`{"columns":{"a":"id","b":"attribute:plan"}}`), "people", "a,b,email", "u1,pro,x@y.io")
	f.Add([]byte(`{"event":"Order","text":["n"]}`), "events", "id,time,n", "u,2026-03-01,007")
	f.Add([]byte(`{"columns":{"x":"-"}}`), "events", "customer_id,date,event,message_id", "u,1772366400,,m")
	f.Add([]byte(`{"columns":{"a":"id","b":"id"}}`), "members", "a", "$x")
	f.Fuzz(func(t *testing.T, mapping []byte, kind, head, cells string) {
		s := Spec{Kind: kind, Format: "csv", Mapping: mapping}
		m, err := s.readMapping()
		if err == nil {
			m, err = m.guess(kind, strings.Split(head, ","))
		}
		if err == nil {
			err = m.suffices(kind, strings.Split(head, ","))
		}
		if err != nil {
			if carpel.ErrorCode(err) == carpel.CodeInternal {
				t.Fatal(err)
			}
			return
		}
		row := map[string]carpel.Value{}
		values := strings.Split(cells, ",")
		for i, column := range strings.Split(head, ",") {
			if i < len(values) {
				row[column] = carpel.TextValue(values[i])
				if v := typed(values[i]); v.IsSet() && v.Text() != values[i] {
					t.Fatalf("the cell %q became %q", values[i], v.Text())
				}
			}
		}
		j := &job{mapping: m, cells: true, zone: time.UTC, now: 1_772_366_400_000, segment: "s"}
		it, err := j.item(kind, 1, row)
		if err != nil {
			if carpel.ErrorCode(err) == carpel.CodeInternal {
				t.Fatal(err)
			}
			return
		}
		if it.Kind == 0 || it.Person.IsZero() || len(it.Person.UserID) > carpel.MaxIDBytes || len(it.MessageID) > carpel.MaxIDBytes || it.Kind == carpel.ItemEvent && it.Name == "" {
			t.Fatalf("taken: %+v", it)
		}
		for name := range it.Properties {
			if name == "" || name[0] == '$' || len(name) > carpel.MaxNameBytes {
				t.Fatalf("taken with the name %q", name)
			}
		}
	})
}
