package records_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
