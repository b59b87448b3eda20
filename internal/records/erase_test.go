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
