package carpel_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/carpel/carpel"

// importTable names every package of the module and the packages of the module that it may import; "." is the domain
// at the root. A new edge is a line here, so that it is seen. Rows are read by [TestImports].
var importTable = map[string]string{
	".": "",

	// The stages of the data. They never import each other: see [TestStagesAreApart].
	"internal/ingest":               ". internal/engine internal/records",
	"internal/campaign":             ". internal/engine internal/records",
	"internal/engine":               ".",
	"internal/engine/enginetest":    ". internal/engine",
	"internal/engine/stripes":       ". internal/engine internal/engine/stripes/block internal/engine/stripes/eval internal/engine/stripes/store",
	"internal/engine/stripes/block": ".",
	"internal/engine/stripes/eval":  ". internal/engine internal/engine/stripes/block",
	"internal/engine/stripes/store": ". internal/engine internal/engine/stripes/block internal/engine/stripes/eval",

	// What stands around them.
	"internal/records":           ".",
	"internal/definition":        ".",
	"internal/delivery":          ". internal/engine internal/outbound internal/records internal/render",
	"internal/secret":            "",
	"internal/render":            ".",
	"internal/imports":           ". internal/engine internal/records",
	"internal/demo":              ". internal/engine",
	"internal/openid":            "",
	"internal/outbound":          "",
	"internal/delivery/sandbox":  ". internal/delivery",
	"internal/delivery/provider": ". internal/delivery internal/delivery/push internal/delivery/smtp internal/delivery/webhook internal/outbound internal/secret",
	"internal/delivery/push":     ". internal/delivery internal/outbound",
	"internal/delivery/smtp":     ". internal/delivery internal/outbound",
	"internal/delivery/webhook":  ". internal/delivery internal/outbound",
	"internal/api":               ". internal/campaign internal/delivery internal/delivery/provider internal/delivery/sandbox internal/delivery/smtp internal/delivery/webhook internal/engine internal/hooks internal/imports internal/openid internal/places internal/records internal/render internal/secret internal/tracking",
	"internal/places":            ".",
	"internal/hooks":             ". internal/delivery internal/delivery/webhook internal/engine internal/outbound internal/records internal/secret",
	"internal/tracking":          ". internal/engine internal/places internal/records internal/render internal/secret",
	"internal/compat":            ". internal/ingest internal/records",
	"internal/compat/compattest": ". internal/compat internal/engine internal/ingest internal/records",
	"internal/compat/segment":    ". internal/compat internal/ingest internal/records",
	"internal/compat/customerio": ". internal/compat internal/ingest internal/records",
	"internal/server": ". internal/api internal/campaign internal/compat internal/compat/customerio internal/compat/segment internal/delivery internal/delivery/provider internal/delivery/sandbox internal/delivery/smtp internal/demo internal/engine internal/engine/stripes " +
		"internal/hooks internal/imports internal/ingest internal/openid internal/outbound internal/records internal/render internal/secret internal/tracking web",
	"internal/cli": ". internal/api internal/definition internal/engine internal/imports internal/openid internal/records internal/server internal/render",
	"cmd/carpel":   "internal/cli",
	"test/crash":   "",
	"test/crashfs": "",
	"test/ledger":  "",
	"test/planted": "",
	"test/torture": "",
	"test/upgrade": "",
	"web":          "",
}

// stages are the parts that hand data on by the journal and the feed alone.
var stages = []string{"internal/ingest", "internal/engine", "internal/campaign", "internal/delivery"}

// confined names packages from outside that only these packages may import: no SQL above the records, no Pebble
// above its engine, no HTTP below the API.
var confined = map[string]string{
	"database/sql":                                   "internal/records",
	"modernc.org/sqlite":                             "internal/records test/crashfs",
	"github.com/cockroachdb/pebble/v2":               "internal/engine/stripes internal/engine/stripes/store internal/server",
	"github.com/danielgtaylor/huma/v2":               "internal/api",
	"github.com/alecthomas/kong":                     "internal/cli",
	"github.com/parquet-go/parquet-go":               "internal/imports",
	"github.com/brianvoe/gofakeit/v7":                "internal/demo",
	"github.com/goccy/go-yaml":                       "internal/cli internal/definition",
	"github.com/schollz/progressbar/v3":              "internal/cli",
	"github.com/prometheus/client_golang/prometheus": "internal/server",
	"golang.org/x/time":                              "internal/delivery",
	"github.com/emersion/go-msgauth":                 "internal/delivery/smtp",
	"net/http":                                       "internal/api internal/cli internal/compat internal/compat/compattest internal/compat/customerio internal/compat/segment internal/delivery/push internal/delivery/webhook internal/openid internal/outbound internal/server test/ledger web internal/tracking",
	"github.com/coreos/go-oidc/v3":                   "internal/openid",
	"golang.org/x/oauth2":                            "internal/openid",
	"golang.org/x/crypto":                            "internal/records",
	"github.com/mileusna/useragent":                  "internal/tracking",
	"github.com/osteele/liquid":                      "internal/render",
	"github.com/preslavrachev/gomjml":                "internal/render",
	"github.com/emersion/go-smtp":                    "internal/tracking",
}

// TestImports fails on a package or an edge that the table does not name, and on a row or an edge of the table that
// the code no longer has.
func TestImports(t *testing.T) {
	found := readPackages(t)
	for _, pkg := range slices.Sorted(maps.Keys(found)) {
		row, ok := importTable[pkg]
		if !ok {
			t.Errorf("package %s is not in the import table", pkg)
			continue
		}
		allowed := strings.Fields(row)
		for _, to := range inside(found[pkg]) {
			if !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s, which the import table does not name", pkg, to)
			}
		}
		for _, to := range allowed {
			if !slices.Contains(inside(found[pkg]), to) {
				t.Errorf("the import table lets %s import %s, which it does not: take the edge out", pkg, to)
			}
		}
	}
	for _, pkg := range slices.Sorted(maps.Keys(importTable)) {
		if _, ok := found[pkg]; !ok {
			t.Errorf("the import table names %s, which does not exist: take the row out", pkg)
		}
	}
}

// TestStagesAreApart fails when one stage of the data reaches another, directly or through other packages. The
// engine's contract is not a stage: it is what ingestion commits to.
func TestStagesAreApart(t *testing.T) {
	found := readPackages(t)
	stageOf := func(pkg string) string {
		for _, s := range stages {
			if pkg == s || strings.HasPrefix(pkg, s+"/") {
				return s
			}
		}
		return ""
	}
	for pkg := range found {
		from := stageOf(pkg)
		if from == "" {
			continue
		}
		for to, path := range reach(found, pkg) {
			if s := stageOf(to); s != "" && s != from && to != "internal/engine" {
				t.Errorf("the stage %s reaches %s: %s", from, s, strings.Join(path, " → "))
			}
		}
	}
}

// TestDomainIsPlain fails when the root package imports anything but the standard library.
func TestDomainIsPlain(t *testing.T) {
	for _, path := range readPackages(t)["."] {
		if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") {
			t.Errorf("the domain imports %s; it may import the standard library only", path)
		}
	}
}

// TestConfinedImports fails when a library is used outside of the packages that wrap it.
func TestConfinedImports(t *testing.T) {
	found := readPackages(t)
	used := map[string]bool{}
	for _, pkg := range slices.Sorted(maps.Keys(found)) {
		for _, path := range found[pkg] {
			for library, row := range confined {
				if path != library && !strings.HasPrefix(path, library+"/") {
					continue
				}
				used[library] = true
				if !slices.Contains(strings.Fields(row), pkg) {
					t.Errorf("%s imports %s, which is confined to %s", pkg, path, row)
				}
			}
		}
	}
	for library := range confined {
		if !used[library] {
			t.Errorf("nothing imports %s any more: take its row out", library)
		}
	}
}

// readPackages returns every package of the module, by its directory, with what its files other than tests import,
// sorted. Nested modules, test data and what npm installs are not of the module.
func readPackages(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipped(path, d.Name())
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		dir := filepath.ToSlash(filepath.Dir(path))
		found[dir] = append(found[dir], []string{}...)
		if strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return fmt.Errorf("parse: %w", err)
		}
		for _, spec := range file.Imports {
			to, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			found[dir] = append(found[dir], to)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 2 {
		t.Fatalf("only %d packages found: the walk looks in the wrong place", len(found))
	}
	for dir, paths := range found {
		slices.Sort(paths)
		found[dir] = slices.Compact(paths)
	}
	return found
}

// skipped returns fs.SkipDir for a directory that holds none of the module's packages.
func skipped(path, name string) error {
	if path == "." {
		return nil
	}
	if name == "testdata" || name == "node_modules" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
		return fs.SkipDir
	}
	if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

// inside returns the directories of the module's own packages among the import paths.
func inside(paths []string) []string {
	var out []string
	for _, path := range paths {
		if path == module {
			out = append(out, ".")
		} else if dir, ok := strings.CutPrefix(path, module+"/"); ok {
			out = append(out, dir)
		}
	}
	return out
}

// reach returns every package that one reaches, each with the path by which it does.
func reach(found map[string][]string, from string) map[string][]string {
	seen := map[string][]string{from: {from}}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		for _, to := range inside(found[queue[0]]) {
			if seen[to] == nil {
				seen[to] = append(slices.Clone(seen[queue[0]]), to)
				queue = append(queue, to)
			}
		}
	}
	return seen
}
