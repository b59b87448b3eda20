package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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

// The files of the data directory in which a start leaves what it cannot show.
const (
	FirstKeysFile = "first-keys.txt"
	SetupLinkFile = "set-up-link.txt"
)

// LeaveSecret writes a file of the data directory that its owner alone can read, in place of the one before, and returns its
// path. Without a text there is no file any more, and no path.
func (s *Server) LeaveSecret(name, text string) (path string, err error) {
	path = filepath.Join(s.config.Data, name)
	if text == "" {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("remove an old secret: %w", err)
		}
		return "", nil
	}
	part := path + ".new"
	if err := writeFile(part, []byte(text)); err != nil {
		return "", fmt.Errorf("leave a secret: %w", err)
	}
	if err := os.Rename(part, path); err != nil {
		return "", fmt.Errorf("leave a secret: %w", err)
	}
	return path, syncDirectory(s.config.Data)
}
