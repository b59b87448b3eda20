package api

import (
	"path/filepath"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// Check is what a check of workspaces and records found.
type Check struct {
	Workspaces  []CheckedWorkspace `json:"workspaces" doc:"Every one that the caller may see, oldest first."`
	Memberships int64              `json:"memberships" doc:"Compared, in all."`
	Problems    []CheckProblem     `json:"problems" doc:"At most 1,000 of each workspace."`
	ProblemsAll int64              `json:"problems_all"`
}

// CheckedWorkspace is what was compared of one workspace.
type CheckedWorkspace struct {
	ID          string          `json:"id"`
	Name        string          `json:"name"`
	Position    engine.Position `json:"position" doc:"At which its memberships were compared."`
	Segments    int             `json:"segments"`
	Memberships int64           `json:"memberships"`
	Problems    int64           `json:"problems" doc:"How many."`
}

// CheckProblem is one thing that is not as it should be.
type CheckProblem struct {
	Workspace string `json:"workspace,omitempty" doc:"Its id; none for a problem of the records."`
	engine.Problem
}

type checkOut struct{ Body Check }

// check compares every membership of the workspaces that the caller may see with a fresh computation, and asks the records
// whether they are whole.
func (a *API) check(c *call, _ *struct{}) (*checkOut, error) {
	all, err := a.visible(c)
	if err != nil {
		return nil, err
	}
	out := &checkOut{Check{Workspaces: []CheckedWorkspace{}, Problems: []CheckProblem{}}}
	for _, w := range all {
		report, err := a.checkWorkspace(c, w.ID)
		if err != nil {
			return nil, err
		}
		out.Body.add(w, report)
		if err := a.CloseIdle(c); err != nil {
			return nil, err
		}
	}
	if err := a.Records.Check(c); err != nil {
		out.Body.Problems = append(out.Body.Problems, CheckProblem{Problem: engine.Problem{Kind: "records", Detail: err.Error()}})
		out.Body.ProblemsAll++
	}
	return out, nil
}

// checkWorkspace checks one engine. One that does not open, or cannot be read, is a problem of that workspace: the others
// are looked at all the same.
func (a *API) checkWorkspace(c *call, id string) (*engine.CheckReport, error) {
	db, release, err := a.Engine(c, id)
	if err == nil {
		defer release()
		var report *engine.CheckReport
		if report, err = db.Check(c, func(float64) {}); err == nil {
			return report, nil
		}
	}
	if c.Err() != nil || carpel.ErrorCode(err) == carpel.CodeOverloaded {
		return nil, err
	}
	return &engine.CheckReport{Problems: []engine.Problem{{Kind: "engine", Detail: a.readable(c, err).Error()}}, ProblemsAll: 1}, nil
}

// add counts a workspace in.
func (r *Check) add(w carpel.Workspace, report *engine.CheckReport) {
	r.Workspaces = append(r.Workspaces, CheckedWorkspace{ID: w.ID, Name: w.Name, Position: report.Position, Segments: report.Segments,
		Memberships: report.Memberships, Problems: report.ProblemsAll})
	for _, p := range report.Problems {
		r.Problems = append(r.Problems, CheckProblem{w.ID, p})
	}
	r.Memberships += report.Memberships
	r.ProblemsAll += report.ProblemsAll
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
