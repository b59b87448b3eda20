package api

import (
	"path/filepath"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

type checkOut struct{ Body engine.CheckReport }

// check compares every membership with a fresh computation, and asks the records whether they are whole.
func (a *API) check(c *call, _ *struct{}) (*checkOut, error) {
	report, err := c.Engine.Check(c, func(float64) {})
	if err != nil {
		return nil, err
	}
	if err := a.Records.Check(c); err != nil {
		report.Problems = append(report.Problems, engine.Problem{Kind: "records", Detail: err.Error()})
		report.ProblemsAll++
	}
	report.Problems = orEmpty(report.Problems)
	return &checkOut{*report}, nil
}

type backupIn struct {
	Body struct {
		Directory string `json:"directory" minLength:"1" doc:"An absolute path that does not exist yet."`
	}
}

// backup copies everything while it goes on. It holds all workspaces, so only an admin of the first
// one may.
func (a *API) backup(c *call, in *backupIn) (*struct{}, error) {
	if !filepath.IsAbs(in.Body.Directory) {
		return nil, &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/directory", Message: "give an absolute path"}
	}
	all, err := a.Records.Workspaces(c)
	if err != nil {
		return nil, err
	}
	if all[0].ID != c.Workspace {
		return nil, carpel.Errorf(carpel.CodeForbidden, "a backup holds every workspace; only an admin of the first one may make it")
	}
	if err := a.Backup(c, in.Body.Directory); err != nil {
		return nil, err
	}
	return nil, a.audit(c, "backup", "")
}
