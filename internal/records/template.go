package records

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/carpel/carpel"
)

const templateColumns = "id, alias, key, name, kind, version, content, created_at, updated_at"

func scanTemplate(r row) (carpel.Template, error) {
	var t carpel.Template
	var content string
	var created, updated int64
	if err := r.Scan(&t.ID, &t.Alias, &t.Key, &t.Name, &t.Kind, &t.Version, &content, &created, &updated); err != nil {
		return t, err
	}
	t.CreatedAt, t.UpdatedAt = moment(created), moment(updated)
	if err := json.Unmarshal([]byte(content), &t.Content); err != nil {
		return t, fmt.Errorf("content of template %s: %w", t.ID, err)
	}
	return t, nil
}

// CreateTemplate adds a template and its first version. ID, Alias, Kind, Version and times of t are made here, and Key
// from the name if empty. CodeConflict when the key is taken. That the content compiles is the caller's to see to.
func (db *DB) CreateTemplate(ctx context.Context, workspace, by string, t carpel.Template) (carpel.Template, error) {
	err := db.change(ctx, "create template", func(tx *sql.Tx) (err error) {
		t.Kind = t.Content.Kind()
		if err := checkTemplate(&t); err != nil {
			return err
		}
		given := t.Key != ""
		t.ID, t.Version = newID("tpl_"), 1
		t.CreatedAt = moment(db.millis())
		t.UpdatedAt = t.CreatedAt
		if t.Alias, err = nextAlias(ctx, tx, workspace); err != nil {
			return err
		}
		if !given {
			if t.Key, err = freeKey(ctx, tx, "templates", workspace, slug(t.Name, "template")); err != nil {
				return err
			}
		}
		content, err := json.Marshal(t.Content)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO templates (workspace, "+templateColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			workspace, t.ID, t.Alias, t.Key, t.Name, t.Kind, t.Version, string(content), t.CreatedAt.UnixMilli(), t.UpdatedAt.UnixMilli())
		if isUnique(err) {
			return &carpel.Error{Code: carpel.CodeConflict, Pointer: "/key", Message: fmt.Sprintf("a template with the key %q exists already", t.Key)}
		}
		if err != nil {
			return err
		}
		return saveTemplateVersion(ctx, tx, workspace, by, t, string(content))
	})
	return t, err
}

func saveTemplateVersion(ctx context.Context, tx *sql.Tx, workspace, by string, t carpel.Template, content string) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO template_versions (workspace, template, version, content, saved_at, saved_by) VALUES (?, ?, ?, ?, ?, ?)",
		workspace, t.ID, t.Version, content, t.UpdatedAt.UnixMilli(), by)
	return err
}

func checkTemplate(t *carpel.Template) error {
	t.Name = strings.TrimSpace(t.Name)
	if t.Name == "" || len(t.Name) > carpel.MaxNameBytes {
		return &carpel.Error{Code: carpel.CodeLimit, Pointer: "/name", Limit: carpel.MaxNameBytes, Actual: int64(len(t.Name)),
			Message: fmt.Sprintf("a template needs a name of 1 to %d bytes", carpel.MaxNameBytes)}
	}
	if t.Key != "" && (t.Key != slug(t.Key, "template") || strings.HasPrefix(t.Key, "tpl_") || len(t.Key) > 100) {
		return &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/key", Suggestion: slug(t.Key, "template"),
			Message: "a key is made of at most 100 small letters, digits and single hyphens"}
	}
	parts := 0
	for _, there := range []bool{t.Content.Email != nil, t.Content.Push != nil, t.Content.Webhook != nil} {
		if there {
			parts++
		}
	}
	if parts != 1 {
		return &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/content", Message: "a content is one of email, push and webhook"}
	}
	return nil
}

// TemplateEdit changes a template. Nil fields stay.
type TemplateEdit struct {
	Name      *string
	Content   *carpel.Content // of the same kind; one that differs makes a new version
	IfVersion time.Time       // the UpdatedAt it must have, zero for any: CodeVersion otherwise
}

// UpdateTemplate applies an edit and returns the template as it then is. CodeNotFound, CodeVersion; CodeInvalid for a
// content of another kind.
func (db *DB) UpdateTemplate(ctx context.Context, workspace, by, ref string, e TemplateEdit) (carpel.Template, error) {
	var t carpel.Template
	err := db.change(ctx, "update template", func(tx *sql.Tx) error {
		var err error
		if t, err = findTemplate(ctx, tx, workspace, ref); err != nil {
			return err
		}
		if !e.IfVersion.IsZero() && !e.IfVersion.Equal(t.UpdatedAt) {
			return carpel.Errorf(carpel.CodeVersion, "the template was changed by somebody else at %s; read it again", t.UpdatedAt.Format(time.RFC3339))
		}
		before, err := json.Marshal(t.Content)
		if err != nil {
			return err
		}
		if e.Name != nil {
			t.Name = *e.Name
		}
		if e.Content != nil {
			t.Content = *e.Content
		}
		if err := checkTemplate(&t); err != nil {
			return err
		}
		if t.Content.Kind() != t.Kind {
			return &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/content", Message: fmt.Sprintf("the template is of the kind %s, and stays one: make another for %s", t.Kind, t.Content.Kind())}
		}
		content, err := json.Marshal(t.Content)
		if err != nil {
			return err
		}
		edited := string(content) != string(before)
		if edited {
			t.Version++
		}
		t.UpdatedAt = moment(max(db.millis(), t.UpdatedAt.UnixMilli()+1)) // If-Match goes by it
		if _, err := tx.ExecContext(ctx, "UPDATE templates SET name = ?, content = ?, version = ?, updated_at = ? WHERE workspace = ? AND id = ?",
			t.Name, string(content), t.Version, t.UpdatedAt.UnixMilli(), workspace, t.ID); err != nil {
			return err
		}
		if !edited {
			return nil
		}
		return saveTemplateVersion(ctx, tx, workspace, by, t, string(content))
	})
	return t, err
}

func findTemplate(ctx context.Context, q querier, workspace, ref string) (carpel.Template, error) {
	t, err := scanTemplate(q.QueryRowContext(ctx, "SELECT "+templateColumns+" FROM templates WHERE workspace = ? AND (id = ? OR key = ?)", workspace, ref, ref))
	if errors.Is(err, sql.ErrNoRows) {
		return t, carpel.Errorf(carpel.CodeNotFound, "there is no template %.60q", ref)
	}
	return t, err
}

// Template returns one by id or key; CodeNotFound, with the nearest key, when there is none.
func (db *DB) Template(ctx context.Context, workspace, ref string) (carpel.Template, error) {
	t, err := findTemplate(ctx, db.read, workspace, ref)
	switch carpel.ErrorCode(err) {
	case carpel.CodeInternal:
		return t, fmt.Errorf("read template: %w", err)
	case carpel.CodeNotFound:
		all, listErr := db.Templates(ctx, workspace)
		if listErr != nil {
			return t, listErr
		}
		var keys []string
		for _, other := range all {
			keys = append(keys, other.Key)
		}
		return t, &carpel.Error{Code: carpel.CodeNotFound, Suggestion: carpel.Nearest(ref, keys), Message: fmt.Sprintf("there is no template %.60q", ref)}
	}
	return t, err
}

// TemplateByAlias returns the template that the Customer.io family knows by an integer; CodeNotFound when there is none.
func (db *DB) TemplateByAlias(ctx context.Context, workspace string, alias int64) (carpel.Template, error) {
	return byAlias(ctx, db, "template", "templates", templateColumns, scanTemplate, workspace, alias)
}

// Templates lists a workspace's templates in the order they were made.
func (db *DB) Templates(ctx context.Context, workspace string) ([]carpel.Template, error) {
	all, err := rows(ctx, db.read, scanTemplate, "SELECT "+templateColumns+" FROM templates WHERE workspace = ? ORDER BY alias", workspace)
	if err != nil {
		return nil, fmt.Errorf("list templates: %w", err)
	}
	return all, nil
}

// TemplateContent returns what a version of a template says: of a deleted template as well, as long as its versions
// are kept. CodeNotFound.
func (db *DB) TemplateContent(ctx context.Context, workspace, id string, version int) (carpel.Content, error) {
	var c carpel.Content
	var content string
	err := db.read.QueryRowContext(ctx, "SELECT content FROM template_versions WHERE workspace = ? AND template = ? AND version = ?", workspace, id, version).Scan(&content)
	if errors.Is(err, sql.ErrNoRows) {
		return c, carpel.Errorf(carpel.CodeNotFound, "there is no version %d of the template %s", version, id)
	}
	if err == nil {
		err = json.Unmarshal([]byte(content), &c)
	}
	if err != nil {
		return c, fmt.Errorf("read version %d of template %s: %w", version, id, err)
	}
	return c, nil
}

// TemplateVersions lists what a template said, newest first.
func (db *DB) TemplateVersions(ctx context.Context, workspace, id string) ([]carpel.TemplateVersion, error) {
	all, err := rows(ctx, db.read, func(r row) (v carpel.TemplateVersion, err error) {
		var content string
		var saved int64
		if err := r.Scan(&v.Version, &content, &saved, &v.SavedBy); err != nil {
			return v, err
		}
		v.SavedAt = moment(saved)
		return v, json.Unmarshal([]byte(content), &v.Content)
	}, "SELECT version, content, saved_at, saved_by FROM template_versions WHERE workspace = ? AND template = ? ORDER BY version DESC", workspace, id)
	if err != nil {
		return nil, fmt.Errorf("list versions of template: %w", err)
	}
	return all, nil
}

// templateUses select the ids of what still sends a template, by workspace and the template's id.
var templateUses = []string{
	`SELECT id FROM broadcasts WHERE workspace = ?1 AND state NOT IN ('sent', 'cancelled')
		AND EXISTS (SELECT 1 FROM json_each(spec, '$.variants') v WHERE v.value ->> '$.template' = ?2)`,
	`SELECT id FROM campaigns WHERE workspace = ?1 AND state <> 'archived'
		AND EXISTS (SELECT 1 FROM json_each(spec, '$.steps') s WHERE s.value ->> '$.template' = ?2)
	UNION
	-- People under way finish on the version that they began with.
	SELECT v.campaign FROM campaign_versions v WHERE v.workspace = ?1
		AND EXISTS (SELECT 1 FROM json_each(v.spec, '$.steps') s WHERE s.value ->> '$.template' = ?2)
		AND EXISTS (SELECT 1 FROM journeys j WHERE j.workspace = ?1 AND j.campaign = v.campaign AND j.state = 'active' AND j.version = v.version)`,
}

// TemplateUsers lists the ids of the broadcasts and campaigns that still send a template.
func (db *DB) TemplateUsers(ctx context.Context, workspace, id string) ([]string, error) {
	users, err := templateUsers(ctx, db.read, workspace, id)
	if err != nil {
		return nil, fmt.Errorf("list users of template: %w", err)
	}
	return users, nil
}

func templateUsers(ctx context.Context, q lister, workspace, id string) ([]string, error) {
	users := []string{}
	for _, query := range templateUses {
		some, err := rows(ctx, q, func(r row) (id string, err error) { return id, r.Scan(&id) }, query, workspace, id)
		if err != nil {
			return nil, err
		}
		users = append(users, some...)
	}
	return users, nil
}

// DeleteTemplate removes a template. Its versions stay: what is planned with one is still to be sent. CodeNotFound;
// CodeInUse with the ids of what still sends it.
func (db *DB) DeleteTemplate(ctx context.Context, workspace, id string) error {
	return db.change(ctx, "delete template", func(tx *sql.Tx) error {
		users, err := templateUsers(ctx, tx, workspace, id)
		if err != nil {
			return err
		}
		if len(users) > 0 {
			return carpel.Errorf(carpel.CodeInUse, "it is still to be sent by %s; change those first", strings.Join(users, ", "))
		}
		result, err := tx.ExecContext(ctx, "DELETE FROM templates WHERE workspace = ? AND id = ?", workspace, id)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return carpel.Errorf(carpel.CodeNotFound, "there is no template %.60q", id)
	})
}
