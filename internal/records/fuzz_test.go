package records

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/url"
	"strings"
	"testing"

	"github.com/carpel/carpel"
)

// FuzzErasedIDs shows that whatever JSON text, whole number, part of a path or word of a row is somebody's id is found,
// so that erasing them reaches it: each is looked for as encoding/json and net/url read it.
func FuzzErasedIDs(f *testing.F) {
	for _, s := range []string{`{"userId":"u1","n":42}`, `["\u0061na","a\"b",{"é":-7}]`, `{"a":"x:[7]","b":[1,22,333]}`, `"\\"`, `["a\\","b"]`, `{"k":"\ud83d\ude00"}`, `[7]`, ` 7`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		newIDSet([]string{string(body)}).inBody(body) // of anything
		if !json.Valid(body) || !bytes.ContainsAny(body, "[{\"") {
			return
		}
		dec := json.NewDecoder(bytes.NewReader(body))
		dec.UseNumber()
		for {
			token, err := dec.Token()
			if err == io.EOF {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			id := ""
			switch token := token.(type) {
			case string:
				id = token
			case json.Number:
				if id = token.String(); strings.Trim(id, "0123456789") != "" {
					continue
				}
			}
			// What is no UTF-8 is refused on the way in and is nobody's id.
			if id == "" || strings.ContainsRune(id, '\ufffd') {
				continue
			}
			set := newIDSet([]string{"somebody else", strings.ToUpper(id), id})
			if !set.inBody(body) {
				t.Fatalf("%q is in %s, and is not found", id, body)
			}
			if path := "POST /api/v1/customers/" + url.PathEscape(id) + "/events"; !set.inPath(path) {
				t.Fatalf("%q is in %s, and is not found", id, path)
			}
			var line strings.Builder
			w := csv.NewWriter(&line)
			if w.Write([]string{"1", id, "x"}); w.Error() != nil {
				t.Fatal(w.Error())
			}
			w.Flush()
			for _, row := range []string{"1," + id + ",x", line.String(), string(body)} {
				if !set.inRow(row) {
					t.Fatalf("%q is in the row %q, and is not found", id, row)
				}
			}
		}
	})
}

// FuzzSecret shows that no text but a key's secret opens anything, whatever it is made of, and that a key's does.
func FuzzSecret(f *testing.F) {
	db, err := Open(f.Context(), f.TempDir()+"/records.db", Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { db.Close() })
	w, err := db.CreateWorkspace(f.Context(), carpel.Workspace{Name: "fuzz", Zone: "UTC"})
	if err != nil {
		f.Fatal(err)
	}
	_, secret, err := db.CreateKey(f.Context(), w.ID, KeySpec{Kind: ServerKey, Name: "k"})
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"", secret, secret[:len(secret)-1], secret + "\x00", " " + secret, strings.ToUpper(secret), "' OR 1=1 --", "%", "sk_"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		k, err := db.Authenticate(t.Context(), s)
		if s == secret {
			if err != nil || k.Workspace != w.ID {
				t.Fatalf("the key's own: %+v, %v", k, err)
			}
			return
		}
		if carpel.ErrorCode(err) != carpel.CodeUnauthorized || k.Workspace != "" {
			t.Fatalf("%q: %+v, %v", s, k, err)
		}
	})
}
