package api

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"slices"
	"strings"
	"testing"
)

// evaluate are the engine's questions that go over many people, or many events of one.
var evaluate = []string{"Preview", "Impact", "Overlap", "Check", "Explain"}

// Every route whose handler comes to a question that takes every core takes a place for it. The routes, and what their
// handlers call, are read from the source, so that none can be forgotten.
func TestHeavyRoutesTakePlaces(t *testing.T) {
	s := source{calls: map[string][]string{}}
	s.read(t)
	reached := map[string]bool{}
	for _, r := range s.routes {
		questions := s.questions(r.handler, map[string]bool{})
		if len(questions) > 0 && !r.heavy {
			t.Errorf("%s comes to %s without a place: it lacks Heavy", r.id, strings.Join(questions, ", "))
		}
		if len(questions) == 0 && r.heavy {
			t.Errorf("%s takes a place and asks nothing that needs one", r.id)
		}
		for _, q := range questions {
			reached[q] = true
		}
	}
	for _, q := range evaluate {
		if !reached[q] {
			t.Errorf("no route was found that comes to %s", q)
		}
	}
}

// source is what the package's files say.
type source struct {
	calls  map[string][]string // by function or method: what it mentions of others; a question of the engine as "Engine.NAME"
	routes []sourceRoute
}

// sourceRoute is one registered route. handler names what serves it.
type sourceRoute struct {
	id, handler string
	heavy       bool
}

// questions returns which questions of the engine a function comes to.
func (s *source) questions(of string, seen map[string]bool) (all []string) {
	if seen[of] {
		return nil
	}
	seen[of] = true
	for _, name := range s.calls[of] {
		if q, is := strings.CutPrefix(name, "Engine."); is {
			all = append(all, q)
		} else {
			all = append(all, s.questions(name, seen)...)
		}
	}
	return all
}

func (s *source) read(t *testing.T) {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, is := d.(*ast.FuncDecl); is && f.Body != nil {
				if n := len(s.routes); s.findRoutes(f.Body) == n { // what registers a handler does not call it
					s.calls[f.Name.Name] = append(s.calls[f.Name.Name], mentioned(f.Body)...)
				}
			}
		}
	}
}

// mentioned returns the names that code mentions: methods of two types that are called the same count as one.
func mentioned(code ast.Node) (names []string) {
	ast.Inspect(code, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			name := n.Sel.Name
			if from := lastName(n.X); from == "Engine" || from == "db" {
				if slices.Contains(evaluate, name) {
					names = append(names, "Engine."+name)
				}
				return true
			}
			names = append(names, name)
		case *ast.Ident:
			names = append(names, n.Name)
		}
		return true
	})
	return names
}

func lastName(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.SelectorExpr:
		return x.Sel.Name
	case *ast.Ident:
		return x.Name
	}
	return ""
}

// findRoutes notes the calls of route, routeRecords and routeOpen: their handler is the last argument. It
// returns how many routes were found up to now.
func (s *source) findRoutes(body ast.Node) int {
	ast.Inspect(body, func(n ast.Node) bool {
		call, is := n.(*ast.CallExpr)
		if !is || len(call.Args) != 3 || !slices.Contains([]string{"route", "routeRecords", "routeOpen"}, lastName(call.Fun)) {
			return true
		}
		op, is := call.Args[1].(*ast.CompositeLit)
		if !is {
			return true
		}
		r := sourceRoute{}
		for _, e := range op.Elts {
			field := e.(*ast.KeyValueExpr)
			switch lastName(field.Key) {
			case "ID":
				r.id = types.ExprString(field.Value)
			case "Heavy":
				r.heavy = lastName(field.Value) == "true"
			}
		}
		r.handler = fmt.Sprintf("handler %d, of %s", len(s.routes), r.id) // two loops may give the same id
		s.calls[r.handler] = mentioned(call.Args[2])
		s.routes = append(s.routes, r)
		return true
	})
	return len(s.routes)
}
