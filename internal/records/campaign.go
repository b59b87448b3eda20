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

const campaignColumns = "id, alias, name, state, version, spec, live_since, refused, lost_at, created_at, updated_at"

func scanCampaign(r row) (carpel.Campaign, error) {
	var c carpel.Campaign
	var spec string
	var created, updated int64
	if err := r.Scan(&c.ID, &c.Alias, &c.Name, &c.State, &c.Version, &spec, &c.LiveSince, &c.Refused, &c.LostAt, &created, &updated); err != nil {
		return c, err
	}
	c.CreatedAt, c.UpdatedAt = moment(created), moment(updated)
	if err := json.Unmarshal([]byte(spec), &c.Spec); err != nil {
		return c, fmt.Errorf("spec of campaign %s: %w", c.ID, err)
	}
	return c, nil
}

func checkCampaign(c *carpel.Campaign) error {
	c.Name = strings.TrimSpace(c.Name)
	if c.Name == "" || len(c.Name) > carpel.MaxNameBytes {
		return &carpel.Error{Code: carpel.CodeLimit, Pointer: "/name", Limit: carpel.MaxNameBytes, Actual: int64(len(c.Name)),
			Message: fmt.Sprintf("a campaign needs a name of 1 to %d bytes", carpel.MaxNameBytes)}
	}
	_, err := c.Spec.Check()
	var e *carpel.Error
	if errors.As(err, &e) {
		moved := *e
		moved.Pointer = "/spec" + e.Pointer
		return &moved
	}
	return err
}

// CreateCampaign adds a draft with a name and a spec; the rest is made here.
func (db *DB) CreateCampaign(ctx context.Context, workspace, by string, c carpel.Campaign) (carpel.Campaign, error) {
	c = carpel.Campaign{ID: newID("cmp_"), Name: c.Name, Spec: c.Spec, State: carpel.CampaignDraft, Version: 1, CreatedAt: moment(db.millis())}
	c.UpdatedAt = c.CreatedAt
	if err := checkCampaign(&c); err != nil {
		return c, err
	}
	err := db.change(ctx, "create campaign", func(tx *sql.Tx) (err error) {
		if c.Alias, err = nextAlias(ctx, tx, workspace); err != nil {
			return err
		}
		spec, err := json.Marshal(c.Spec)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO campaigns (workspace, "+campaignColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, 0, ?, ?)",
			workspace, c.ID, c.Alias, c.Name, c.State, c.Version, string(spec), c.CreatedAt.UnixMilli(), c.UpdatedAt.UnixMilli()); err != nil {
			return err
		}
		return saveCampaignVersion(ctx, tx, workspace, by, c, string(spec))
	})
	return c, err
}

func saveCampaignVersion(ctx context.Context, tx *sql.Tx, workspace, by string, c carpel.Campaign, spec string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO campaign_versions (workspace, campaign, version, spec, saved_at, saved_by) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (workspace, campaign, version) DO UPDATE SET spec = excluded.spec, saved_at = excluded.saved_at, saved_by = excluded.saved_by`,
		workspace, c.ID, c.Version, spec, c.UpdatedAt.UnixMilli(), by)
	return err
}

func findCampaign(ctx context.Context, q querier, workspace, id string) (carpel.Campaign, error) {
	c, err := scanCampaign(q.QueryRowContext(ctx, "SELECT "+campaignColumns+" FROM campaigns WHERE workspace = ? AND id = ?", workspace, id))
	if errors.Is(err, sql.ErrNoRows) {
		return c, carpel.Errorf(carpel.CodeNotFound, "there is no campaign %.60q", id)
	}
	if err != nil {
		return c, fmt.Errorf("read campaign: %w", err)
	}
	return c, nil
}

// Campaign returns one by id; CodeNotFound when there is none.
func (db *DB) Campaign(ctx context.Context, workspace, id string) (carpel.Campaign, error) {
	return findCampaign(ctx, db.read, workspace, id)
}

// CampaignByAlias returns the campaign that the Customer.io family knows by an integer; CodeNotFound when there is none.
func (db *DB) CampaignByAlias(ctx context.Context, workspace string, alias int64) (carpel.Campaign, error) {
	return byAlias(ctx, db, "campaign", "campaigns", campaignColumns, scanCampaign, workspace, alias)
}

// Campaigns lists a workspace's campaigns, newest first, archived ones included.
func (db *DB) Campaigns(ctx context.Context, workspace string) ([]carpel.Campaign, error) {
	all, err := rows(ctx, db.read, scanCampaign, "SELECT "+campaignColumns+" FROM campaigns WHERE workspace = ? ORDER BY alias DESC", workspace)
	if err != nil {
		return nil, fmt.Errorf("list campaigns: %w", err)
	}
	return all, nil
}

// RunningWorkspaces lists the workspaces with a campaign that is live or paused.
func (db *DB) RunningWorkspaces(ctx context.Context) ([]string, error) {
	ids, err := rows(ctx, db.read, func(r row) (id string, err error) { return id, r.Scan(&id) },
		"SELECT DISTINCT workspace FROM campaigns WHERE state IN ('live', 'paused') ORDER BY workspace")
	if err != nil {
		return nil, fmt.Errorf("list workspaces with campaigns: %w", err)
	}
	return ids, nil
}

// CampaignEdit changes a campaign. Nil fields stay.
type CampaignEdit struct {
	Name      *string
	Spec      *carpel.CampaignSpec // one that differs makes a new version, but of a draft
	State     carpel.CampaignState // "" stays; live: from now on
	IfVersion time.Time            // the UpdatedAt it must have, zero for any: CodeVersion otherwise
}

// UpdateCampaign applies an edit and returns the campaign as it then is. CodeNotFound, CodeVersion; CodeConflict for one
// that is archived.
func (db *DB) UpdateCampaign(ctx context.Context, workspace, by, id string, e CampaignEdit) (c carpel.Campaign, err error) {
	err = db.change(ctx, "change campaign", func(tx *sql.Tx) error {
		if c, err = findCampaign(ctx, tx, workspace, id); err != nil {
			return err
		}
		if !e.IfVersion.IsZero() && !e.IfVersion.Equal(c.UpdatedAt) {
			return carpel.Errorf(carpel.CodeVersion, "the campaign was changed by somebody else at %s; read it again", c.UpdatedAt.Format(time.RFC3339))
		}
		if c.State == carpel.CampaignArchived && e.State != carpel.CampaignArchived {
			return carpel.Errorf(carpel.CodeConflict, "the campaign is archived")
		}
		before, err := json.Marshal(c.Spec)
		if err != nil {
			return err
		}
		if e.Name != nil {
			c.Name = *e.Name
		}
		if e.Spec != nil {
			c.Spec = *e.Spec
		}
		if err := checkCampaign(&c); err != nil {
			return err
		}
		spec, err := json.Marshal(c.Spec)
		if err != nil {
			return err
		}
		edited := string(spec) != string(before)
		if edited && c.State != carpel.CampaignDraft {
			c.Version++
		}
		// Two edits within a millisecond must not have the same UpdatedAt: If-Match goes by it.
		c.UpdatedAt = moment(max(db.millis(), c.UpdatedAt.UnixMilli()+1))
		if e.State != "" && e.State != c.State {
			if c.State = e.State; c.State == carpel.CampaignLive {
				c.LiveSince = carpel.Millis(db.millis())
			}
		}
		if _, err := tx.ExecContext(ctx, "UPDATE campaigns SET name = ?, state = ?, version = ?, spec = ?, live_since = ?, updated_at = ? WHERE workspace = ? AND id = ?",
			c.Name, c.State, c.Version, string(spec), int64(c.LiveSince), c.UpdatedAt.UnixMilli(), workspace, id); err != nil {
			return err
		}
		if !edited {
			return nil
		}
		return saveCampaignVersion(ctx, tx, workspace, by, c, string(spec))
	})
	return c, err
}

// DeleteCampaign removes a draft. What has begun is archived instead, since people are, or were, in it.
func (db *DB) DeleteCampaign(ctx context.Context, workspace, id string, ifVersion time.Time) error {
	return db.change(ctx, "delete campaign", func(tx *sql.Tx) error {
		c, err := findCampaign(ctx, tx, workspace, id)
		if err != nil {
			return err
		}
		if !ifVersion.IsZero() && !ifVersion.Equal(c.UpdatedAt) {
			return carpel.Errorf(carpel.CodeVersion, "the campaign was changed by somebody else at %s; read it again", c.UpdatedAt.Format(time.RFC3339))
		}
		if c.State != carpel.CampaignDraft {
			return carpel.Errorf(carpel.CodeConflict, "the campaign is %s: only a draft can be deleted; archive it", c.State)
		}
		for _, change := range []string{"DELETE FROM campaign_versions WHERE workspace = ? AND campaign = ?", "DELETE FROM campaigns WHERE workspace = ? AND id = ?"} {
			if _, err := tx.ExecContext(ctx, change, workspace, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// CampaignVersions lists a campaign's saved forms, newest first.
func (db *DB) CampaignVersions(ctx context.Context, workspace, id string) ([]carpel.CampaignVersion, error) {
	vs, err := rows(ctx, db.read, func(r row) (v carpel.CampaignVersion, err error) {
		var spec string
		var saved int64
		if err := r.Scan(&v.Version, &spec, &saved, &v.SavedBy); err != nil {
			return v, err
		}
		v.SavedAt = moment(saved)
		return v, json.Unmarshal([]byte(spec), &v.Spec)
	}, "SELECT version, spec, saved_at, saved_by FROM campaign_versions WHERE workspace = ? AND campaign = ? ORDER BY version DESC", workspace, id)
	if err != nil {
		return nil, fmt.Errorf("list versions of campaign %s: %w", id, err)
	}
	return vs, nil
}

// LoseCampaigns notes that what starts and ends journeys was missed, in every campaign that is live or paused.
func (db *DB) LoseCampaigns(ctx context.Context, workspace string) error {
	return db.change(ctx, "note what was missed", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE campaigns SET lost_at = ? WHERE workspace = ? AND state IN ('live', 'paused')", db.millis(), workspace)
		return err
	})
}
