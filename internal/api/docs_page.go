package api

import (
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// docsPage shows the OpenAPI document to people. It loads nothing from elsewhere and runs no script.
const docsPage = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Carpel API</title>
<style>
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
code{font:14px/1.5 ui-monospace,monospace}h2{margin-top:2.5rem}details{border:1px solid #8884;border-radius:6px;margin:.4rem 0;padding:.4rem .8rem}
summary{cursor:pointer}.method{display:inline-block;min-width:4.5em;font-weight:600}table{border-collapse:collapse}td{padding:.15rem .8rem .15rem 0;vertical-align:top}
</style>
<h1>Carpel API</h1>
<p>{{prose .Description}} The document itself: <a href="/api/openapi.json">/api/openapi.json</a> (OpenAPI 3.1).
Errors are RFC 9457 problem JSON with a stable <code>code</code>.</p>
{{range .Groups}}<h2>{{.Tag}}</h2>
{{range .Operations}}<details><summary><span class="method">{{.Method}}</span> <code>{{.Path}}</code> — {{.Summary}}</summary>
{{with .Description}}<p>{{prose .}}</p>{{end}}<p>Takes a key with the scope <code>{{.Scope}}</code>.</p>
{{with .Parameters}}<table>{{range .}}<tr><td><code>{{.Name}}</code></td><td>{{.In}}</td><td>{{prose .Description}}</td></tr>{{end}}</table>{{end}}
{{with .Fields}}<p>Body:</p><table>{{range .}}<tr><td><code>{{.Name}}</code></td><td>{{.In}}</td><td>{{prose .Description}}</td></tr>{{end}}</table>{{end}}
</details>{{end}}{{end}}</html>`

type docsGroup struct {
	Tag        string
	Operations []docsOperation
}

type docsOperation struct {
	Method, Path, Summary, Description, Scope string
	Parameters, Fields                        []docsField
}

type docsField struct{ Name, In, Description string }

// serveDocs renders the page from the document.
func (a *API) serveDocs(w http.ResponseWriter, _ *http.Request) {
	doc := a.huma.OpenAPI()
	groups := map[string]*docsGroup{}
	var order []string
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		item := doc.Paths[path]
		for _, o := range []*huma.Operation{item.Get, item.Post, item.Put, item.Delete} {
			if o == nil {
				continue
			}
			g := groups[o.Tags[0]]
			if g == nil {
				g = &docsGroup{Tag: o.Tags[0]}
				groups[g.Tag] = g
				order = append(order, g.Tag)
			}
			g.Operations = append(g.Operations, docsOf(doc, o))
		}
	}
	page := struct {
		Description string
		Groups      []*docsGroup
	}{Description: doc.Info.Description}
	for _, tag := range order {
		page.Groups = append(page.Groups, groups[tag])
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_ = template.Must(template.New("docs").Funcs(template.FuncMap{"prose": prose}).Parse(docsPage)).Execute(w, page) // the client may be gone
}

// prose shows a description, in which what stands between backticks is code.
func prose(text string) template.HTML {
	var b strings.Builder
	for i, part := range strings.Split(text, "`") {
		if i%2 == 1 {
			b.WriteString("<code>" + template.HTMLEscapeString(part) + "</code>")
		} else {
			b.WriteString(template.HTMLEscapeString(part))
		}
	}
	return template.HTML(b.String()) // made of escaped parts
}

func docsOf(doc *huma.OpenAPI, o *huma.Operation) docsOperation {
	scope, _ := o.Metadata["scope"].(string)
	d := docsOperation{Method: o.Method, Path: o.Path, Summary: o.Summary, Description: o.Description, Scope: scope}
	for _, p := range o.Parameters {
		d.Parameters = append(d.Parameters, docsField{p.Name, p.In, p.Description})
	}
	if o.RequestBody == nil || o.RequestBody.Content["application/json"] == nil {
		return d
	}
	s := o.RequestBody.Content["application/json"].Schema
	if s != nil && s.Ref != "" {
		s = doc.Components.Schemas.SchemaFromRef(s.Ref)
	}
	if s == nil {
		return d
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		d.Fields = append(d.Fields, docsField{name, s.Properties[name].Type, s.Properties[name].Description})
	}
	return d
}
