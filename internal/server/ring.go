package server

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/secret"
)

// openRing opens the key ring, and makes it at the first start. While the records hold what it sealed or hashed, a new one
// would do harm in silence: no password could be read, and who is suppressed would get mail again. CodeConflict then.
func (s *Server) openRing(ctx context.Context) (*secret.Ring, error) {
	path := filepath.Join(s.config.Data, ringFile)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		sealed, err := s.records.HasSealed(ctx)
		if err != nil {
			return nil, err
		}
		if sealed {
			return nil, carpel.Errorf(carpel.CodeConflict, "%s is missing, but the records hold what its keys sealed (channels, suppressed addresses): put it back, or restore a backup", path)
		}
	}
	return secret.Open(path, s.config.Now())
}
