package render

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every filter and every root of a variable is in the documentation, and nothing is listed as a filter that is none.
func TestDocs(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "messages", "templates.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Concat(filterNames(), Roots()) {
		if !strings.Contains(string(b), "`"+name+"`") {
			t.Errorf("the page does not know %s", name)
		}
	}
	_, list, _ := strings.Cut(string(b), "Filters, as in Liquid:")
	list, _, _ = strings.Cut(list, "**Dates**")
	for _, m := range regexp.MustCompile("`([a-z_0-9]+)`").FindAllStringSubmatch(list, -1) {
		if filters[m[1]] == nil {
			t.Errorf("the page has %s, which is no filter", m[1])
		}
	}
}
