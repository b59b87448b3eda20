package records

import (
	"context"
	"fmt"
)

// HasSealed reports whether the records hold anything that only the installation's key ring opens or knows again.
func (db *DB) HasSealed(ctx context.Context) (sealed bool, err error) {
	err = db.read.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM channels) OR EXISTS (SELECT 1 FROM suppressions)").Scan(&sealed)
	if err != nil {
		return false, fmt.Errorf("look for sealed records: %w", err)
	}
	return sealed, nil
}
