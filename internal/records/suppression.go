package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/carpel/carpel"
)

// hashAddress is the keyed hash by which an address is suppressed: the same however it is written.
func (db *DB) hashAddress(kind carpel.ChannelKind, address string) string {
	return db.hash("suppression", string(kind), foldAddress(kind, address))
}

// foldAddress is an address without what makes no other of it. Tokens of devices are taken as they are.
func foldAddress(kind carpel.ChannelKind, address string) string {
	if kind == carpel.Email {
		return carpel.Fold(strings.TrimSpace(address))
	}
	return address
}

// Suppress lets nothing be sent to addresses any more, whoever has them; Hash and At are set here. One that is
// suppressed already stays as it is.
func (db *DB) Suppress(ctx context.Context, workspace string, all ...carpel.Suppression) error {
	return db.change(ctx, "suppress", func(tx *sql.Tx) error {
		for _, s := range all {
			if s.Address == "" {
				return &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/address", Message: "the address is missing"}
			}
			if err := db.insertSuppression(ctx, tx, workspace, db.hashAddress(s.Kind, s.Address), s); err != nil {
				return err
			}
		}
		return nil
	})
}

func (db *DB) insertSuppression(ctx context.Context, tx *sql.Tx, workspace, hash string, s carpel.Suppression) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO suppressions (workspace, kind, hash, address, reason, detail, at) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (workspace, kind, hash) DO NOTHING",
		workspace, s.Kind, hash, s.Address, s.Reason, s.Detail, db.millis())
	return err
}

// Unsuppress lets an address be sent to again. CodeNotFound when it is not suppressed.
func (db *DB) Unsuppress(ctx context.Context, workspace string, kind carpel.ChannelKind, hash string) error {
	return db.change(ctx, "unsuppress", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, "DELETE FROM suppressions WHERE workspace = ? AND kind = ? AND hash = ?", workspace, kind, hash)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return carpel.Errorf(carpel.CodeNotFound, "this address is not suppressed")
	})
}

const suppressionColumns = "kind, hash, address, reason, detail, at"

func scanSuppression(r row) (carpel.Suppression, error) {
	var s carpel.Suppression
	var at int64
	err := r.Scan(&s.Kind, &s.Hash, &s.Address, &s.Reason, &s.Detail, &at)
	s.At = moment(at)
	return s, err
}

// Suppression returns that of an address; CodeNotFound when it is not suppressed.
func (db *DB) Suppression(ctx context.Context, workspace string, kind carpel.ChannelKind, address string) (carpel.Suppression, error) {
	s, err := scanSuppression(db.read.QueryRowContext(ctx, "SELECT "+suppressionColumns+" FROM suppressions WHERE workspace = ? AND kind = ? AND hash = ?",
		workspace, kind, db.hashAddress(kind, address)))
	if errors.Is(err, sql.ErrNoRows) {
		return s, carpel.Errorf(carpel.CodeNotFound, "this address is not suppressed")
	}
	if err != nil {
		return s, fmt.Errorf("read suppression: %w", err)
	}
	return s, nil
}

// SuppressionFilter says which suppressions are asked for.
type SuppressionFilter struct {
	Kind   carpel.ChannelKind       // "": any
	Reason carpel.SuppressionReason // "": any
	Search string                   // a part of the address, without regard to case
	Offset int
	Limit  int
}

// Suppressions lists them, newest first.
func (db *DB) Suppressions(ctx context.Context, workspace string, f SuppressionFilter) ([]carpel.Suppression, error) {
	all, err := rows(ctx, db.read, scanSuppression, "SELECT "+suppressionColumns+` FROM suppressions WHERE workspace = ?1 AND (?2 = '' OR kind = ?2) AND (?3 = '' OR reason = ?3)
		AND (?4 = '' OR instr(lower(address), ?4) > 0) ORDER BY at DESC, kind, hash LIMIT ?5 OFFSET ?6`, workspace, f.Kind, f.Reason, strings.ToLower(f.Search), f.Limit, f.Offset)
	if err != nil {
		return nil, fmt.Errorf("list suppressions: %w", err)
	}
	return all, nil
}
