package server

import (
	"context"
	"slices"

	"github.com/carpel/carpel/internal/records"
)

// FirstKeys makes keys for what a new data directory is used for next: an API key and a server ingestion key. It
// returns empty texts when somebody has made keys already, and for a key that is preset. Call it when the keys can be
// shown: they are shown only once.
func (s *Server) FirstKeys(ctx context.Context) (apiKey, writeKey string, err error) {
	have, err := s.records.Keys(ctx, s.local.Workspace)
	if err != nil {
		return "", "", err
	}
	if slices.ContainsFunc(have, func(k records.Key) bool {
		return !slices.Contains([]string{localKey, presetAPIKey, presetWriteKey}, k.Name)
	}) {
		return "", "", nil
	}
	if s.config.APIKey == "" {
		if _, apiKey, err = s.records.CreateKey(ctx, s.local.Workspace, records.KeySpec{Kind: records.APIKey, Name: "first API key", Scopes: []string{records.ScopeAdmin}}); err != nil {
			return "", "", err
		}
	}
	if s.config.Write == "" {
		_, writeKey, err = s.records.CreateKey(ctx, s.local.Workspace, records.KeySpec{Kind: records.ServerKey, Name: "first ingestion key"})
	}
	return apiKey, writeKey, err
}
