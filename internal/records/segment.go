package records

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/carpel/carpel"
)

const segmentColumns = "id, alias, key, name, description, tags, kind, definition, state, version, created_at, updated_at"

func scanSegment(r row) (carpel.Segment, error) {
	var s carpel.Segment
	var tags, definition string
	var created, updated int64
	if err := r.Scan(&s.ID, &s.Alias, &s.Key, &s.Name, &s.Description, &tags, &s.Kind, &definition, &s.State, &s.Version, &created, &updated); err != nil {
		return s, err
	}
	s.CreatedAt, s.UpdatedAt = moment(created), moment(updated)
	if err := json.Unmarshal([]byte(tags), &s.Tags); err != nil {
		return s, fmt.Errorf("tags of segment %s: %w", s.ID, err)
	}
	if definition != "" {
		c, err := carpel.ParseCondition([]byte(definition))
		if err != nil {
			return s, fmt.Errorf("definition of segment %s: %w", s.ID, err)
		}
		s.Definition = c
	}
	return s, nil
}

// CreateSegment adds a segment and its first version. ID, Alias, Version and times of s are made here, and Key from
// the name if empty. CodeConflict when the key is taken.
func (db *DB) CreateSegment(ctx context.Context, workspace, by string, s carpel.Segment) (carpel.Segment, error) {
	err := db.change(ctx, "create segment", func(tx *sql.Tx) (err error) {
		s, err = db.insertSegment(ctx, tx, workspace, by, s)
		return err
	})
	return s, err
}

// insertSegment is CreateSegment within a transaction.
func (db *DB) insertSegment(ctx context.Context, tx *sql.Tx, workspace, by string, s carpel.Segment) (carpel.Segment, error) {
	if err := checkSegment(&s); err != nil {
		return s, err
	}
	given := s.Key != ""
	s.ID, s.State, s.Version = newID("seg_"), carpel.StateLive, 1
	s.CreatedAt = moment(db.millis())
	s.UpdatedAt = s.CreatedAt
	var err error
	if s.Alias, err = nextAlias(ctx, tx, workspace); err != nil {
		return s, err
	}
	if !given {
		if s.Key, err = freeKey(ctx, tx, "segments", workspace, slug(s.Name, "segment")); err != nil {
			return s, err
		}
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO segments (workspace, `+segmentColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		workspace, s.ID, s.Alias, s.Key, s.Name, s.Description, tagsJSON(s.Tags), s.Kind, definitionJSON(s.Definition), s.State, s.Version,
		s.CreatedAt.UnixMilli(), s.UpdatedAt.UnixMilli())
	if isUnique(err) {
		return s, &carpel.Error{Code: carpel.CodeConflict, Pointer: "/key", Message: fmt.Sprintf("a segment with the key %q exists already", s.Key)}
	}
	if err != nil {
		return s, err
	}
	return s, saveVersion(ctx, tx, workspace, by, s)
}

func saveVersion(ctx context.Context, tx *sql.Tx, workspace, by string, s carpel.Segment) error {
	if s.Definition == nil {
		return nil
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO segment_versions (workspace, segment, version, definition, saved_at, saved_by) VALUES (?, ?, ?, ?, ?, ?)`,
		workspace, s.ID, s.Version, definitionJSON(s.Definition), s.UpdatedAt.UnixMilli(), by)
	return err
}

func definitionJSON(c carpel.Condition) string {
	if c == nil {
		return ""
	}
	return string(carpel.Canonical(c))
}

func tagsJSON(tags []string) string {
	if tags == nil {
		tags = []string{}
	}
	b, _ := json.Marshal(tags) // strings always encode
	return string(b)
}

// checkSegment refuses what no segment may be, and fills in what was left out.
func checkSegment(s *carpel.Segment) error {
	s.Name = strings.TrimSpace(s.Name)
	if s.Name == "" || len(s.Name) > carpel.MaxNameBytes {
		return &carpel.Error{Code: carpel.CodeLimit, Pointer: "/name", Limit: carpel.MaxNameBytes, Actual: int64(len(s.Name)),
			Message: fmt.Sprintf("a segment needs a name of 1 to %d bytes", carpel.MaxNameBytes)}
	}
	if s.Key != "" && (s.Key != slug(s.Key, "segment") || strings.HasPrefix(s.Key, "seg_") || len(s.Key) > 100) {
		return &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/key", Suggestion: slug(s.Key, "segment"),
			Message: "a key is made of at most 100 small letters, digits and single hyphens"}
	}
	if len(s.Description) > 4096 {
		return &carpel.Error{Code: carpel.CodeLimit, Pointer: "/description", Limit: 4096, Actual: int64(len(s.Description)), Message: carpel.TooLarge("the description", int64(len(s.Description)), 4096)}
	}
	if len(s.Tags) > 50 {
		return &carpel.Error{Code: carpel.CodeLimit, Pointer: "/tags", Limit: 50, Actual: int64(len(s.Tags)), Message: "more than 50 tags"}
	}
	for i, tag := range s.Tags {
		if tag == "" || len(tag) > 100 {
			return &carpel.Error{Code: carpel.CodeLimit, Pointer: fmt.Sprintf("/tags/%d", i), Limit: 100, Actual: int64(len(tag)), Message: "a tag has 1 to 100 bytes"}
		}
	}
	if s.Kind == "" {
		s.Kind = carpel.Dynamic
	}
	switch {
	case s.Kind == carpel.Dynamic && s.Definition == nil:
		return &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/definition", Message: "a dynamic segment needs a definition"}
	case s.Kind == carpel.Manual && s.Definition != nil:
		return &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/definition", Message: "a manual segment has no definition: people are put in and taken out by hand"}
	case s.Kind != carpel.Dynamic && s.Kind != carpel.Manual:
		return &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/kind", Message: fmt.Sprintf("%.20q is no kind of segment; there are dynamic and manual", s.Kind)}
	}
	return nil
}

// nextAlias takes the workspace's next integer alias.
func nextAlias(ctx context.Context, tx *sql.Tx, workspace string) (alias int64, err error) {
	err = tx.QueryRowContext(ctx, "UPDATE workspaces SET next_alias = next_alias + 1 WHERE id = ? RETURNING next_alias - 1", workspace).Scan(&alias)
	return alias, err
}

// slug makes a key from a name: small letters, digits, single hyphens; or otherwise when nothing is left.
func slug(name, otherwise string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r): // an accent on its own
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= 90 {
			break
		}
	}
	if s := strings.Trim(b.String(), "-"); s != "" {
		return s
	}
	return otherwise
}

// freeKey returns base, or base with the first number behind it that is free among the keys of a table of ours.
func freeKey(ctx context.Context, tx *sql.Tx, table, workspace, base string) (string, error) {
	key := base
	for n := 2; ; n++ {
		var taken int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM "+table+" WHERE workspace = ? AND key = ?", workspace, key).Scan(&taken); err != nil {
			return "", err
		}
		if taken == 0 {
			return key, nil
		}
		key = fmt.Sprintf("%s-%d", base, n)
	}
}

// SegmentEdit changes a segment. Nil fields stay.
type SegmentEdit struct {
	Name        *string
	Description *string
	Tags        *[]string
	Definition  carpel.Condition
	State       carpel.SegmentState // live, paused or archived; "" stays
	IfVersion   time.Time           // the UpdatedAt it must have, zero for any: CodeVersion otherwise
}

// UpdateSegment applies an edit; a definition that differs makes a new version. It returns the segment as it then
// is. CodeNotFound, CodeVersion.
func (db *DB) UpdateSegment(ctx context.Context, workspace, by, id string, e SegmentEdit) (carpel.Segment, error) {
	var s carpel.Segment
	err := db.change(ctx, "update segment", func(tx *sql.Tx) error {
		var err error
		s, err = findSegment(ctx, tx, workspace, id)
		if err != nil {
			return err
		}
		if !e.IfVersion.IsZero() && !e.IfVersion.Equal(s.UpdatedAt) {
			return carpel.Errorf(carpel.CodeVersion, "the segment was changed by somebody else at %s; read it again", s.UpdatedAt.Format(time.RFC3339))
		}
		edited := e.apply(&s)
		if err := checkSegment(&s); err != nil {
			return err
		}
		// Two edits within a millisecond must not have the same UpdatedAt: If-Match goes by it.
		s.UpdatedAt = moment(max(db.millis(), s.UpdatedAt.UnixMilli()+1))
		if _, err := tx.ExecContext(ctx, `UPDATE segments SET name = ?, description = ?, tags = ?, definition = ?, state = ?, version = ?, updated_at = ?
			WHERE workspace = ? AND id = ?`, s.Name, s.Description, tagsJSON(s.Tags), definitionJSON(s.Definition), s.State, s.Version,
			s.UpdatedAt.UnixMilli(), workspace, s.ID); err != nil {
			return err
		}
		if !edited {
			return nil
		}
		return saveVersion(ctx, tx, workspace, by, s)
	})
	return s, err
}

// apply writes the edit into s and reports whether the definition became another.
func (e SegmentEdit) apply(s *carpel.Segment) bool {
	if e.Name != nil {
		s.Name = *e.Name
	}
	if e.Description != nil {
		s.Description = *e.Description
	}
	if e.Tags != nil {
		s.Tags = *e.Tags
	}
	if e.State != "" {
		s.State = e.State
	}
	if e.Definition == nil || definitionJSON(e.Definition) == definitionJSON(s.Definition) {
		return false
	}
	s.Definition = e.Definition
	s.Version++
	return true
}

// querier is what *sql.DB and *sql.Tx share.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func findSegment(ctx context.Context, q querier, workspace, ref string) (carpel.Segment, error) {
	s, err := scanSegment(q.QueryRowContext(ctx, "SELECT "+segmentColumns+" FROM segments WHERE workspace = ? AND (id = ? OR key = ?)", workspace, ref, ref))
	if errors.Is(err, sql.ErrNoRows) {
		return s, NoSegment(ref, nil)
	}
	return s, err
}

// NoSegment says that none of the workspace's segments has the id or key, and which key is nearest.
func NoSegment(ref string, all []carpel.Segment) *carpel.Error {
	var keys []string
	for _, s := range all {
		if s.State != carpel.StateArchived {
			keys = append(keys, s.Key)
		}
	}
	return &carpel.Error{Code: carpel.CodeNotFound, Suggestion: carpel.Nearest(ref, keys), Message: fmt.Sprintf("there is no segment %.60q", ref)}
}

// Segment returns one by id or key; CodeNotFound when there is none.
func (db *DB) Segment(ctx context.Context, workspace, ref string) (carpel.Segment, error) {
	s, err := findSegment(ctx, db.read, workspace, ref)
	switch carpel.ErrorCode(err) {
	case carpel.CodeInternal:
		return s, fmt.Errorf("read segment: %w", err)
	case carpel.CodeNotFound:
		all, listErr := db.Segments(ctx, workspace)
		if listErr != nil {
			return s, listErr
		}
		return s, NoSegment(ref, all)
	}
	return s, err
}

// SegmentByAlias returns the segment that the Customer.io family knows by an integer; CodeNotFound when there is none.
func (db *DB) SegmentByAlias(ctx context.Context, workspace string, alias int64) (carpel.Segment, error) {
	return byAlias(ctx, db, "segment", "segments", segmentColumns, scanSegment, workspace, alias)
}

// Segments lists a workspace's segments in the order they were made, archived ones included.
func (db *DB) Segments(ctx context.Context, workspace string) ([]carpel.Segment, error) {
	ss, err := rows(ctx, db.read, scanSegment, "SELECT "+segmentColumns+" FROM segments WHERE workspace = ? ORDER BY alias", workspace)
	if err != nil {
		return nil, fmt.Errorf("list segments: %w", err)
	}
	return ss, nil
}

// DeleteSegment removes a segment and its versions; that nothing refers to it is the caller's to see to.
func (db *DB) DeleteSegment(ctx context.Context, workspace, id string) error {
	return db.change(ctx, "delete segment", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM segment_versions WHERE workspace = ? AND segment = ?", workspace, id); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM segments WHERE workspace = ? AND id = ?", workspace, id)
		return err
	})
}

// SegmentVersions lists a segment's definitions, newest first.
func (db *DB) SegmentVersions(ctx context.Context, workspace, id string) ([]carpel.SegmentVersion, error) {
	vs, err := rows(ctx, db.read, func(r row) (v carpel.SegmentVersion, err error) {
		var definition string
		var saved int64
		if err := r.Scan(&v.Version, &definition, &saved, &v.SavedBy); err != nil {
			return v, err
		}
		v.SavedAt = moment(saved)
		v.Definition, err = carpel.ParseCondition([]byte(definition))
		return v, err
	}, "SELECT version, definition, saved_at, saved_by FROM segment_versions WHERE workspace = ? AND segment = ? ORDER BY version DESC", workspace, id)
	if err != nil {
		return nil, fmt.Errorf("list versions: %w", err)
	}
	return vs, nil
}

// RevertSegment takes back an update whose definition the engine refused: the segment is again what old says, and
// the versions above old's are gone. Nobody was told of them.
func (db *DB) RevertSegment(ctx context.Context, workspace string, old carpel.Segment) error {
	return db.change(ctx, "revert segment", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM segment_versions WHERE workspace = ? AND segment = ? AND version > ?", workspace, old.ID, old.Version); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE segments SET name = ?, description = ?, tags = ?, definition = ?, state = ?, version = ?, updated_at = ?
			WHERE workspace = ? AND id = ?`, old.Name, old.Description, tagsJSON(old.Tags), definitionJSON(old.Definition), old.State, old.Version,
			old.UpdatedAt.UnixMilli(), workspace, old.ID)
		return err
	})
}
