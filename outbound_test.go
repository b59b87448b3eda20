package carpel_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// dials names what makes a connection to elsewhere, by the package it is of; "*" for everything in it.
var dials = map[string][]string{
	"net":                         {"Dial", "DialTimeout", "DialTCP", "DialUDP", "DialIP", "DialUnix", "Dialer"},
	"net/http":                    {"Client", "Transport", "DefaultClient", "DefaultTransport", "Get", "Head", "Post", "PostForm"},
	"crypto/tls":                  {"Dial", "DialWithDialer", "Dialer"},
	"net/smtp":                    {"*"},
	"net/rpc":                     {"*"},
	"github.com/emersion/go-smtp": {"Dial", "DialTLS", "DialStartTLS", "SendMail", "SendMailTLS"},
}

// mayDial are the places that do: the one way out, the command line that asks a server it was told of, and tests.
func mayDial(path string) bool {
	return strings.HasPrefix(path, "internal/outbound/") || path == "internal/cli/client.go" || path == "internal/cli/check.go" || strings.HasPrefix(path, "test/") ||
		strings.HasSuffix(path, "_test.go")
}

// TestOneWayOut fails when something but package outbound could connect to elsewhere: there the address is checked at the
// moment it is dialled. A pointer to a client is somebody else's, and fine.
func TestOneWayOut(t *testing.T) {
	seen, exempt := 0, 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipped(path, d.Name())
		}
		path = filepath.ToSlash(path)
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		seen++
		for _, at := range connections(file) {
			if mayDial(path) {
				exempt++
				continue
			}
			t.Errorf("%s makes a connection; package outbound does", set.Position(at))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 100 || exempt < 5 {
		t.Errorf("%d files, %d connections where they may be: the walk looks in the wrong place", seen, exempt)
	}
}

// connections returns the places of a file that use one of [dials].
func connections(file *ast.File) (found []token.Pos) {
	of := map[string]string{} // path by the name that the file knows it by
	for _, spec := range file.Imports {
		path, _ := strconv.Unquote(spec.Path.Value)
		name := strings.TrimPrefix(path[strings.LastIndexByte(path, '/')+1:], "go-")
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if names := dials[path]; name == "." && names != nil || slices.Contains(names, "*") {
			found = append(found, spec.Pos())
		}
		of[name] = path
	}
	pointers := map[ast.Expr]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.StarExpr:
			pointers[n.X] = true
		case *ast.SelectorExpr:
			if pkg, ok := n.X.(*ast.Ident); ok && !pointers[n] && slices.Contains(dials[of[pkg.Name]], n.Sel.Name) {
				found = append(found, n.Pos())
			}
		}
		return true
	})
	return found
}

// TestConnections finds each way to make one, under any name of the package.
func TestConnections(t *testing.T) {
	for source, want := range map[string]int{
		`import "net/http"; var c = http.Client{}`: 1, `import "net/http"; var c http.Client`: 1, `import "net/http"; var c = new(http.Client)`: 1, `import h "net/http"; var _, _ = h.Get("")`: 1,
		`import "net/http"; func f(c *http.Client) { c.Get("") }`: 0, `import . "net/http"`: 1, `import "net"; var d net.Dialer; var c, _ = net.Dial("", "")`: 2, `import "net/smtp"`: 1,
		`import "crypto/tls"; var d tls.Dialer; var c tls.Config`: 1, `import "github.com/emersion/go-smtp"; var c, _ = smtp.Dial("")`: 1, `import "net"; var l, _ = net.Listen("", "")`: 0,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x; "+source, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(connections(file)); got != want {
			t.Errorf("%s: %d, not %d", source, got, want)
		}
	}
}
