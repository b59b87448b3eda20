// Package records keeps what people decide: workspaces, keys, segments with their versions, imports, the audit
// log, and what ingestion refused. What people do is the engine's.
//
// It runs on SQLite with synchronous=FULL: a method that returns without an error has its change on the disk. One
// connection writes, several read; in WAL mode neither waits for the other. The SQL is kept to what PostgreSQL
// takes as well.
package records

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/carpel/carpel"
)

//go:embed migrations/*.sql
var migrations embed.FS

// DB is the records. Safe for concurrent use. Its methods return a *[carpel.Error] for what a caller may read
// (CodeNotFound, CodeConflict, …) and a wrapped error for everything else.
type DB struct {
	write *sql.DB // one connection
	read  *sql.DB
	dsn   string
	now   func() time.Time
	known knownKeys
	hash  func(parts ...string) string // keyed

	hashing *hashing // of passwords

	keepRejected  int64 // bytes, of a workspace
	rejectedMu    sync.Mutex
	rejectedBytes map[string]int64 // by workspace, once counted; at least what is there; guarded by rejectedMu
}

// Options says how to open the records.
type Options struct {
	Now func() time.Time // default time.Now
	// KeepRejected is how many bytes of rejections a workspace keeps; default 256 MiB.
	KeepRejected int64
	Files        Files // where they lie; default the disk
	// Hash is the keyed hash by which suppressed addresses are known; see internal/secret. Default one with a key that is
	// gone with the process.
	Hash func(parts ...string) string
}

// Open opens or creates the records in the file at path, and brings their schema up to date.
func Open(ctx context.Context, path string, o Options) (*DB, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.KeepRejected == 0 {
		o.KeepRejected = keepRejectionBytes
	}
	if o.Hash == nil {
		o.Hash = hashOfProcess()
	}
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=foreign_keys(1)&_pragma=busy_timeout(10000)"
	if o.Files.VFS != "" {
		dsn += "&vfs=" + url.QueryEscape(o.Files.VFS)
	}
	if err := o.Files.checkLog(path); err != nil {
		return nil, fmt.Errorf("open records %s: %w", path, err)
	}
	// secure_delete: what is erased is overwritten in the file, and not only forgotten.
	write, err := sql.Open("sqlite", dsn+"&_txlock=immediate&_pragma=secure_delete(1)&_pragma=cache_size(-65536)&_pragma=wal_autocheckpoint(8000)")
	if err != nil {
		return nil, fmt.Errorf("open records %s: %w", path, err)
	}
	write.SetMaxOpenConns(1)
	if err := emptyLog(ctx, write); err != nil {
		write.Close()
		return nil, fmt.Errorf("open records %s: %w", path, err)
	}
	if err := migrate(ctx, write); err != nil {
		write.Close()
		return nil, fmt.Errorf("open records %s: %w", path, err)
	}
	read, err := sql.Open("sqlite", dsn+"&_pragma=query_only(1)")
	if err != nil {
		write.Close()
		return nil, fmt.Errorf("open records %s: %w", path, err)
	}
	read.SetMaxOpenConns(4)
	return &DB{write: write, read: read, dsn: dsn, now: o.Now, hash: o.Hash, hashing: newHashing(), keepRejected: o.KeepRejected, rejectedBytes: map[string]int64{}}, nil
}

// emptyLog brings what is in the write-ahead log into the file and ends the log, so that the next one has salts of its own.
// SQLite would go on in the log that it recovered, with the same ones, over the frames of a transaction that a power cut
// tore: were the next transaction torn as well, what is left behind it of the first would look as if it came later.
func emptyLog(ctx context.Context, db *sql.DB) error {
	var busy, frames, done int
	if err := db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &done); err != nil {
		return fmt.Errorf("empty the log: %w", err)
	}
	if busy != 0 {
		return carpel.Errorf(carpel.CodeConflict, "another process has the records open")
	}
	return nil
}

func migrate(ctx context.Context, db *sql.DB) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	have, err := p.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	sources := p.ListSources()
	if newest := sources[len(sources)-1].Version; have > newest {
		return carpel.Errorf(carpel.CodeConflict, "the records were written by a newer carpel (schema %d, this one knows %d): use that one", have, newest)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// Close ends the records.
func (db *DB) Close() error { return errors.Join(db.read.Close(), db.write.Close()) }

// Check asks SQLite whether the file is whole.
func (db *DB) Check(ctx context.Context) error {
	var answer string
	if err := db.read.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&answer); err != nil {
		return fmt.Errorf("check records: %w", err)
	}
	if answer != "ok" {
		return fmt.Errorf("check records: %s", answer)
	}
	return nil
}

// CopyTo writes a consistent copy of the records to a new file while they go on being used. It is on the disk when
// CopyTo returns nil.
func (db *DB) CopyTo(ctx context.Context, path string) (err error) {
	// A connection of its own: the readers may write nothing, and the writer is not to wait.
	conn, err := sql.Open("sqlite", db.dsn)
	if err != nil {
		return fmt.Errorf("copy records to %s: %w", path, err)
	}
	_, err = conn.ExecContext(ctx, "VACUUM INTO ?", path)
	if err = errors.Join(err, conn.Close()); err != nil {
		return fmt.Errorf("copy records to %s: %w", path, err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("copy records to %s: %w", path, err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("sync copy of records %s: %w", path, err)
	}
	return nil
}

// change runs fn in a transaction that is on the disk when change returns nil.
func (db *DB) change(ctx context.Context, what string, fn func(tx *sql.Tx) error) error {
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	defer db.known.changed() // at the end, whatever became of the commit
	defer tx.Rollback()      // does nothing once committed
	if err := fn(tx); err != nil {
		var e *carpel.Error
		if errors.As(err, &e) {
			return e
		}
		return fmt.Errorf("%s: %w", what, err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// hashOfProcess returns a keyed hash whose key nobody keeps.
func hashOfProcess() func(parts ...string) string {
	key := make([]byte, sha256.Size)
	rand.Read(key) // never fails
	return func(parts ...string) string {
		h := hmac.New(sha256.New, key)
		for _, p := range parts {
			h.Write(binary.AppendUvarint(nil, uint64(len(p))))
			h.Write([]byte(p))
		}
		return hex.EncodeToString(h.Sum(nil))
	}
}

// millis is now, as it is stored.
func (db *DB) millis() int64 { return db.now().UnixMilli() }

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// newID returns prefix and 100 random bits.
func newID(prefix string) string {
	var b [13]byte
	rand.Read(b[:]) // never fails
	return prefix + idEncoding.EncodeToString(b[:])[:20]
}

// isUnique reports whether err is a violated uniqueness.
func isUnique(err error) bool {
	return err != nil && strings.Contains(err.Error(), "UNIQUE constraint")
}

// lister is what *sql.DB and *sql.Tx share for lists.
type lister interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// rows collects what scan reads from each row of a query.
func rows[T any](ctx context.Context, db lister, scan func(row) (T, error), query string, args ...any) ([]T, error) {
	rs, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rs.Close()
	all := []T{}
	for rs.Next() {
		x, err := scan(rs)
		if err != nil {
			return nil, err
		}
		all = append(all, x)
	}
	return all, rs.Err()
}

// row is what *sql.Row and *sql.Rows share.
type row interface{ Scan(dest ...any) error }

// byAlias reads what the Customer.io family knows by an integer, of a table that has aliases; CodeNotFound when there is
// none. what names it in the words.
func byAlias[T any](ctx context.Context, db *DB, what, table, columns string, scan func(row) (T, error), workspace string, alias int64) (T, error) {
	one, err := scan(db.read.QueryRowContext(ctx, "SELECT "+columns+" FROM "+table+" WHERE workspace = ? AND alias = ?", workspace, alias))
	if errors.Is(err, sql.ErrNoRows) {
		return one, carpel.Errorf(carpel.CodeNotFound, "there is no %s %d", what, alias)
	}
	if err != nil {
		return one, fmt.Errorf("read %s: %w", what, err)
	}
	return one, nil
}
