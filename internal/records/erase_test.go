package records_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/carpel/carpel/internal/records"
)

// What is erased is not left in the file's free pages either.
func TestErasureOverwrites(t *testing.T) {
	const mark = "zebra-mark"
	path := filepath.Join(t.TempDir(), "records.db")
	db, err := records.Open(t.Context(), path, records.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ws := workspace(t, db)
	body := []byte(`{"userId":"ann","note":"` + strings.Repeat(mark, 1000) + `"}`)
	if err := db.Reject(t.Context(), ws, []records.Rejection{{Family: "segment", Body: body}}); err != nil {
		t.Fatal(err)
	}
	if err := db.EraseRejections(t.Context(), ws, []string{"ann"}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil { // which brings the log into the file
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte(mark)) {
		t.Error("the file still holds what was erased")
	}
}

// An answer goes after a day, also when no other request with a key comes.
func TestOldAnswersGo(t *testing.T) {
	db, c, path := open(t)
	ws := workspace(t, db)
	const mark = "zebra-mark"
	if _, err := db.BeginAnswer(t.Context(), ws, "key", []byte("hash")); err != nil {
		t.Fatal(err)
	}
	if err := db.EndAnswer(t.Context(), ws, "key", records.Answer{Status: 200, Body: []byte(mark)}); err != nil {
		t.Fatal(err)
	}
	left := func() bool {
		if err := db.DropOldAnswers(t.Context()); err != nil {
			t.Fatal(err)
		}
		copied := filepath.Join(t.TempDir(), "copy.db")
		if err := db.CopyTo(t.Context(), copied); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(copied)
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Contains(data, []byte(mark))
	}
	if !left() {
		t.Error("gone before a day has passed")
	}
	c.pass(24*time.Hour + time.Second)
	if left() {
		t.Errorf("still in %s after a day", path)
	}
}

// One call erases for many people: by whole values wherever they stand, and nothing else.
func TestEraseRejections(t *testing.T) {
	db, c, _ := open(t)
	ws, other := workspace(t, db), workspace(t, db)
	of := func(request, body string) records.Rejection {
		return records.Rejection{At: c.now(), Family: "segment", Request: request, Body: []byte(body)}
	}
	gone := []records.Rejection{
		of("POST /v1/track", `{"userId":"ann"}`), of("POST /v1/track", `{"userId": "ANN"}`), of("POST /v1/track", `{"anonymousId":"visitor"}`),
		of("POST /v1/track", `{"context":{"device":{"token":"tok\\en"}}}`), of("POST /v1/track", `{"userId":42}`), of("POST /v1/track", `[1, 42 ]`),
		of("POST /v1/track", `{"userId":"\u00e9ve"}`), of("POST /v1/track", `{"userId":"Éve"}`), of("POST /v1/track", `{"it says \"broken": "ann`+"\x00"+`"ann"`),
		of("PUT /api/v1/customers/a%2Fb", `{}`), of("DELETE /api/v1/customers/ann/devices/x", `{}`), of("POST /v1/track", `{"email":"Ann@Example.com"}`),
	}
	stay := []records.Rejection{
		of("POST /v1/track", `{"userId":"anna"}`), of("POST /v1/track", `{"userId":420}`), of("POST /v1/track", `{"n":4.42}`), of("POST /v1/track", `{"note":"about 42 of them"}`),
		of("POST /v1/track", `{"note":"ann and bob"}`), of("POST /ann@example.com.evil", `{}`), of("POST /v1/track", ``),
	}
	for range 30 { // more than is read at once
		if err := db.Reject(t.Context(), ws, append(append([]records.Rejection{}, gone...), stay...)); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Reject(t.Context(), other, gone); err != nil {
		t.Fatal(err)
	}
	ids := []string{"", "ann", "ann@example.com", "visitor", `tok\en`, "42", "éve", "a/b"}
	for i := range 5000 {
		ids = append(ids, strings.Repeat("z", i%200)+"-nobody")
	}
	if err := db.EraseRejections(t.Context(), ws, ids); err != nil {
		t.Fatal(err)
	}
	left, err := db.Rejections(t.Context(), ws, records.RejectionFilter{Limit: 1000})
	if err != nil || len(left) != 30*len(stay) {
		t.Errorf("%d are left, %v; want %d", len(left), err, 30*len(stay))
	}
	if left, err := db.Rejections(t.Context(), other, records.RejectionFilter{Limit: 1000}); err != nil || len(left) != len(gone) {
		t.Errorf("another workspace has %d left, %v", len(left), err)
	}

	m, err := db.CreateImport(t.Context(), ws, records.Import{Kind: "people", Format: "csv", File: "a.csv", CreatedBy: "key_1"})
	if err != nil {
		t.Fatal(err)
	}
	var rejected []records.RowRejection
	for i, raw := range []string{"ann,x", `"ann";x`, `{"id":"ANN"}`, "x|ann@example.com", "a/b,1", "anna,x", "420", "x.42,1"} {
		rejected = append(rejected, records.RowRejection{Row: int64(i + 1), Code: "invalid", Message: raw, Raw: raw})
	}
	if err := db.AdvanceImport(t.Context(), ws, m, rejected); err != nil {
		t.Fatal(err)
	}
	if err := db.EraseRejections(t.Context(), ws, ids); err != nil {
		t.Fatal(err)
	}
	got, err := db.ImportRejections(t.Context(), ws, m.ID, 0, 100)
	if err != nil || len(got) != len(rejected) {
		t.Fatal(got, err)
	}
	for i, r := range got {
		if erased := r.Raw == "(erased)" && r.Message == "(erased)"; erased != (i < 5) {
			t.Errorf("row %d is %+v", i+1, r)
		}
	}
}
