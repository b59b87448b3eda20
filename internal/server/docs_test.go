package server_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/carpel/carpel/internal/server"
)

// read reads a page of the documentation.
func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Every route of the native API is a row of docs/api.md with its scope, and every row is a route.
func TestAPIPage(t *testing.T) {
	page := read(t, "api.md")
	rows := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Z]+ /api/[^`]*)` \\| (\\w+) \\|").FindAllStringSubmatch(page, -1) {
		rows[row[1]] = row[2]
	}
	for route, scope := range scopes {
		if rows[route] != scope {
			t.Errorf("docs/api.md says %q of %s, which takes %s", rows[route], route, scope)
		}
		delete(rows, route)
	}
	for row := range rows {
		t.Errorf("docs/api.md has a row for %s, which is no route", row)
	}
}

// Every metric of ours is in docs/operations.md, and every name there is one.
func TestMetricNames(t *testing.T) {
	page := read(t, "operations.md")
	names := server.MetricNames()
	for _, name := range names {
		if !strings.Contains(page, "`"+name+"`") {
			t.Errorf("docs/operations.md lacks %s", name)
		}
	}
	for _, name := range regexp.MustCompile("`carpel_[a-z_]+`").FindAllString(page, -1) {
		if !strings.Contains(strings.Join(names, " ")+" ", strings.Trim(name, "`")+" ") {
			t.Errorf("docs/operations.md has %s, which is no metric", name)
		}
	}
}
