package api

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/carpel/carpel/internal/imports"
	"github.com/carpel/carpel/internal/records"
)

func (a *API) registerImports() {
	const tag = "Imports"
	const path = "/api/imports"
	routeRecords(a, operation{Method: http.MethodPost, Path: path, Scope: records.ScopeWrite, ID: "createImport", Tag: tag, Status: http.StatusAccepted,
		Summary: "Import people, events or members from a file",
		Description: "The body is the file: CSV, NDJSON or Parquet, of any size. It is kept until the import has ended, and the import goes on after a restart. " +
			"The same file of events sent again with the same mapping counts no event twice; people sent again have their values set again."}, a.createImport)
	routeRecords(a, operation{Method: http.MethodPost, Path: path + "/look", Scope: records.ScopeWrite, ID: "lookAtFile", Tag: tag,
		Summary: "Say what the columns of a file are taken for, with their first values", Description: "Takes nothing. Of CSV and NDJSON the first megabyte is enough."}, a.lookAtFile)
	// The body is streamed by the handler, so the framework does not know of it; the document must.
	for _, p := range []string{path, path + "/look"} {
		a.huma.OpenAPI().Paths[p].Post.RequestBody = &huma.RequestBody{Required: true, Description: "The file.", Content: map[string]*huma.MediaType{
			"text/csv": {}, "application/x-ndjson": {}, "application/vnd.apache.parquet": {}, "application/octet-stream": {}}}
	}
	routeRecords(a, operation{Method: http.MethodGet, Path: path, Scope: records.ScopeRead, ID: "listImports", Tag: tag,
		Summary: "List imports, newest first"}, a.listImports)
	routeRecords(a, operation{Method: http.MethodGet, Path: path + "/{id}", Scope: records.ScopeRead, ID: "getImport", Tag: tag,
		Summary: "Read how far an import is"}, a.getImport)
	routeRecords(a, operation{Method: http.MethodPost, Path: path + "/{id}/cancel", Scope: records.ScopeWrite, ID: "cancelImport", Tag: tag,
		Summary: "Stop an import; what was taken stays"}, a.cancelImport)
	routeRecords(a, operation{Method: http.MethodGet, Path: path + "/{id}/rejected", Scope: records.ScopeRead, ID: "listImportRejections", Tag: tag,
		Summary: "The rows that were not taken, or not whole, with the reason", Description: "`format=csv` or `format=ndjson` streams all of them.",
		Answer: importRejectionsPage{}, Produces: []string{"text/csv", "application/x-ndjson"}}, a.listImportRejections)
}

type createImportIn struct {
	FileIn
	Mapping string `query:"mapping" doc:"JSON: {columns: {COLUMN: FIELD}, event, text}; usual column names are guessed. See docs/api.md."`
	Segment string `query:"segment" doc:"With kind members: id or key of the manual segment."`
	DryRun  bool   `query:"dry_run" doc:"Read and check everything, take nothing."`
}

// FileIn is an input whose body is a file; exported, since the framework reads no other embedded struct.
type FileIn struct {
	Kind   string `query:"kind" required:"true" enum:"people,events,members"`
	Format string `query:"format" enum:"csv,ndjson,parquet" doc:"Guessed from the file's name if left out."`
	File   string `query:"file" doc:"The file's name."`

	body io.Reader
}

// Resolve keeps the body for the handler to stream.
func (in *FileIn) Resolve(ctx huma.Context) []error {
	in.body = ctx.BodyReader()
	return nil
}

// Import is an import as the API shows it.
type Import struct {
	records.Import
	Mapping imports.Mapping `json:"mapping" doc:"As it was completed by the names of the columns; it can be sent again."`
	Segment string          `json:"segment,omitempty" doc:"With kind members: id of the segment."`
}

type importOut struct{ Body Import }

func showImport(m records.Import) (Import, error) {
	mapping, segment, err := imports.Asked(m)
	return Import{m, mapping, segment}, err
}

func importAnswer(m records.Import) (*importOut, error) {
	shown, err := showImport(m)
	return &importOut{shown}, err
}

func (a *API) createImport(c *call, in *createImportIn) (*importOut, error) {
	spec := imports.Spec{Workspace: c.Workspace, Who: c.Who, Kind: in.Kind, Format: in.Format, File: in.File, DryRun: in.DryRun, Segment: in.Segment,
		Mapping: json.RawMessage(in.Mapping)}
	m, err := a.Imports.Start(c, spec, in.body)
	if err != nil {
		return nil, err
	}
	if err := a.auditDetail(c, "import.create", m.ID, detail{"kind": m.Kind, "dry_run": m.DryRun}); err != nil {
		return nil, err
	}
	return importAnswer(m)
}

type sampleOut struct{ Body imports.Sample }

func (a *API) lookAtFile(c *call, in *FileIn) (*sampleOut, error) {
	sample, err := a.Imports.Look(c, imports.Spec{Workspace: c.Workspace, Kind: in.Kind, Format: in.Format, File: in.File}, in.body)
	return &sampleOut{sample}, err
}

type importsOut struct {
	Body struct {
		Imports []Import `json:"imports"`
	}
}

func (a *API) listImports(c *call, in *struct {
	Limit int `query:"limit" default:"50" minimum:"1" maximum:"500"`
}) (*importsOut, error) {
	ms, err := a.Records.Imports(c, c.Workspace, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &importsOut{}
	out.Body.Imports = []Import{}
	for _, m := range ms {
		shown, err := showImport(m)
		if err != nil {
			return nil, err
		}
		out.Body.Imports = append(out.Body.Imports, shown)
	}
	return out, nil
}

type importPath struct {
	ID string `path:"id"`
}

func (a *API) getImport(c *call, in *importPath) (*importOut, error) {
	m, err := a.Records.Import(c, c.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	return importAnswer(m)
}

func (a *API) cancelImport(c *call, in *importPath) (*importOut, error) {
	if err := a.Imports.Cancel(c, c.Workspace, in.ID); err != nil {
		return nil, err
	}
	if err := a.audit(c, "import.cancel", in.ID); err != nil {
		return nil, err
	}
	return a.getImport(c, in)
}

type listImportRejectionsIn struct {
	ID     string `path:"id"`
	After  int64  `query:"after" doc:"The row of the last entry read."`
	Limit  int    `query:"limit" default:"100" minimum:"1" maximum:"1000"`
	Format string `query:"format" enum:"json,csv,ndjson" default:"json"`
}

type importRejectionsPage struct {
	Rows []records.RowRejection `json:"rows"`
	Next int64                  `json:"next" doc:"0 at the end."`
}

func (a *API) listImportRejections(c *call, in *listImportRejectionsIn) (*huma.StreamResponse, error) {
	m, err := a.Records.Import(c, c.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	if in.Format == "json" {
		rows, err := a.Records.ImportRejections(c, c.Workspace, m.ID, in.After, in.Limit)
		if err != nil {
			return nil, err
		}
		page := importRejectionsPage{Rows: rows}
		if len(rows) == in.Limit {
			page.Next = rows[len(rows)-1].Row
		}
		return jsonAnswer(page), nil
	}
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		w := newRowWriter(ctx, in.Format, m.ID+"-rejected", []string{"row", "line", "code", "message", "raw", "partial"})
		for after := in.After; ; {
			rows, err := a.Records.ImportRejections(ctx.Context(), c.Workspace, m.ID, after, 1000)
			if err != nil {
				w.fail()
			}
			for _, r := range rows {
				if w.write(r, []string{fmt.Sprint(r.Row), fmt.Sprint(r.Line), r.Code, r.Message, r.Raw, strconv.FormatBool(r.Partial)}) != nil {
					return
				}
				after = r.Row
			}
			if len(rows) < 1000 {
				w.flush()
				return
			}
		}
	}}, nil
}
