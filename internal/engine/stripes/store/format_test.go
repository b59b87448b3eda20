package store

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// keyConstants returns the values of the constants of a file whose names begin with prefix, as written.
func keyConstants(t *testing.T, file, prefix string) map[string]string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, prefix) && len(spec.Values) == 1 {
			if lit, ok := spec.Values[0].(*ast.BasicLit); ok {
				out[spec.Names[0].Name] = lit.Value
			}
		}
		return true
	})
	if len(out) == 0 {
		t.Fatalf("%s has no constants that begin with %s", file, prefix)
	}
	return out
}

// docs/format.md names every key, head and kind that the code has, and the format version.
func TestFormatIsDocumented(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "docs", "format.md"))
	if err != nil {
		t.Fatal(err)
	}
	says := func(what string) {
		t.Helper()
		if !strings.Contains(string(page), what) {
			t.Errorf("docs/format.md does not say %q", what)
		}
	}
	for _, key := range keyConstants(t, "keys.go", "key") {
		letter, err := strconv.Unquote(key)
		if err != nil {
			t.Fatal(err)
		}
		says("| `" + letter + "` ")
	}
	for _, key := range keyConstants(t, filepath.Join("..", "keys.go"), "key") {
		says("| `" + key + "`")
	}
	for _, head := range keyConstants(t, filepath.Join("..", "block", "wire.go"), "head") {
		says(head)
	}
	for _, form := range []string{"formDict", "formScaled", "formRaw"} {
		says("form " + keyConstants(t, filepath.Join("..", "block", "column_codec.go"), "form")[form] + " ")
	}
	says(fmt.Sprintf("Format version **%d**", formatVersion))
	says(merger().Name)
	for _, kind := range []byte{kindValues, kindStamps, statEvent, statAttr} {
		says(strconv.Itoa(int(kind)))
	}
	if have, want := strings.Count(between(strings.ReplaceAll(string(page), "\n", " "), "uvarint: next ordinal", "."), ",")+1, len(encodeMeta(&meta{})); have != want {
		t.Errorf("docs/format.md names %d fields of the state, there are %d", have, want)
	}
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}
