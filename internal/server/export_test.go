package server

import "context"

// CloseIdle closes idle workspaces beyond the bound now, which Run does every ten seconds.
func (s *Server) CloseIdle(ctx context.Context) error { return s.workspaces.closeIdle(ctx) }

// Data is the data directory.
func (s *Server) Data() string { return s.config.Data }
