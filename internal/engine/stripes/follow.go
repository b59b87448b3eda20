package stripes

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes/eval"
	"github.com/carpel/carpel/internal/engine/stripes/store"
)

// Follow says of which names events are kept; see [engine.Follower].
func (db *DB) Follow(ctx context.Context, events []string) error {
	if err := db.lock(ctx); err != nil {
		return err
	}
	defer db.unlock()
	if err := db.store.Follow(events); err != nil {
		return db.fail(err)
	}
	return nil
}

func (db *DB) followCursor(p store.FollowPlace) string {
	return fmt.Sprintf("%s.%d.%d", db.epoch, p.Seq, p.Index)
}

// Followed reads what was kept.
func (db *DB) Followed(ctx context.Context, after string, limit int) ([]engine.Followed, string, error) {
	if err := db.enter(); err != nil {
		return nil, "", err
	}
	defer db.leave()
	at := db.store.FollowEnd()
	if after != "now" {
		epoch, rest, _ := strings.Cut(after, ".")
		seq, index, _ := strings.Cut(rest, ".")
		n, err1 := strconv.ParseUint(seq, 10, 64)
		i, err2 := strconv.ParseUint(index, 10, 32)
		switch {
		case err1 != nil || err2 != nil || epoch == db.epoch && n > at.Seq:
			return nil, "", &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/after", Message: "after is a cursor from an earlier answer"}
		case epoch != db.epoch:
			return nil, "", errNotFollowed()
		}
		at = store.FollowPlace{Seq: n, Index: uint32(i)}
	}
	entries, next, kept, err := db.store.Followed(at, limit)
	if err != nil {
		return nil, "", err
	}
	if !kept {
		return nil, "", errNotFollowed()
	}
	out := make([]engine.Followed, len(entries))
	for i, e := range entries {
		out[i] = engine.Followed{Seq: db.followCursor(e.Place), Kind: e.Kind, Now: e.Now, Person: e.Person, Other: e.Other, Name: e.Name, At: e.At, Source: e.Source, Properties: e.Properties}
	}
	return out, db.followCursor(next), ctx.Err()
}

func errNotFollowed() error {
	return carpel.Errorf(carpel.CodeGone, "the cursor is from before what is kept; go on from after=now")
}

// Matches holds conditions over properties against those of one event.
func (db *DB) Matches(where carpel.Condition, properties map[string]carpel.Value) (bool, error) {
	return eval.MatchProperties(where, properties, db.zone(), db.now())
}
