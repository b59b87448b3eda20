package server

import (
	"context"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/api"
	"github.com/carpel/carpel/internal/records"
)

// SetupLink makes the link by which whoever opens it becomes the first admin, in place of the one before, and returns
// its path on this server; "" when there are users. Call it when the link can be shown: it is shown only once.
func (s *Server) SetupLink(ctx context.Context) (string, error) {
	_, token, err := s.records.CreateLink(ctx, records.Link{Kind: records.SetupLink, Workspace: s.local.Workspace, Role: carpel.Admin, CreatedBy: "system"})
	if carpel.ErrorCode(err) == carpel.CodeConflict {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return api.LinkPath(token), nil
}
