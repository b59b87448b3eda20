package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/carpel/carpel/internal/cli"
)

// Every setting of a server, and every one that all commands take, is a row of docs/operations.md with its variable, and every row is a setting.
func TestSettingsPage(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `--([a-z-]+)` \\| `(CARPEL_[A-Z_]+)` \\|").FindAllStringSubmatch(string(b), -1) {
		rows[row[1]] = row[2]
	}
	var help bytes.Buffer
	for _, command := range []string{"serve", "version"} {
		if code := cli.Run(t.Context(), []string{command, "--help"}, cli.IO{Out: &help, Err: &help, Version: "test"}); code != 0 {
			t.Fatal(help.String())
		}
	}
	text := strings.Join(strings.Fields(help.String()), " ")
	found := regexp.MustCompile(`--([a-z-]+)=\S+ [^$]*?\(\$(CARPEL_[A-Z_]+)\)`).FindAllStringSubmatch(text, -1)
	if len(found) < 10 {
		t.Fatalf("the help shows %d settings:\n%s", len(found), text)
	}
	shown := map[string]bool{}
	for _, f := range found {
		shown[f[1]] = true
		if rows[f[1]] != f[2] {
			t.Errorf("docs/operations.md says %q of --%s, which is %s", rows[f[1]], f[1], f[2])
		}
	}
	for name := range rows {
		if !shown[name] {
			t.Errorf("docs/operations.md has --%s, which is no setting", name)
		}
	}
}
