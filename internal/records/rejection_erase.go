package records

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"unicode"

	"github.com/carpel/carpel"
)

// erasePage is how many rejections are read, and then deleted, at once: writers wait for no longer than that takes.
const erasePage = 200

// EraseRejections removes whatever of people may be in kept bodies: the erasure of a person reaches them too. ids are all
// the ids of all of them; empty ones are passed over. It removes every rejection whose body or path names one of the ids:
// as a whole value, so that the id "4" does not take along what holds a 4 somewhere. Rows of imports that hold an id as a
// word are emptied. What is kept is read once, whatever the number of ids, in many short transactions; after an error, or
// when ctx ends, a part is done, and the call is made again.
func (db *DB) EraseRejections(ctx context.Context, workspace string, ids []string) error {
	set := newIDSet(ids)
	if len(set.whole) == 0 {
		return nil
	}
	if err := db.eraseBodies(ctx, workspace, set); err != nil {
		return fmt.Errorf("erase rejections: %w", err)
	}
	if err := db.eraseRows(ctx, workspace, set); err != nil {
		return fmt.Errorf("erase rejected rows: %w", err)
	}
	return nil
}

func (db *DB) eraseBodies(ctx context.Context, workspace string, set *idSet) error {
	type kept struct {
		id      int64
		request string
		body    []byte
	}
	for after, n := int64(0), erasePage; n == erasePage; {
		page, err := rows(ctx, db.read, func(r row) (k kept, err error) { return k, r.Scan(&k.id, &k.request, &k.body) },
			"SELECT id, request, body FROM rejections WHERE workspace = ? AND id > ? ORDER BY id LIMIT ?", workspace, after, erasePage)
		if err != nil {
			return err
		}
		var found []int64
		for _, k := range page {
			after = k.id
			if set.inBody(k.body) || set.inPath(k.request) {
				found = append(found, k.id)
			}
		}
		if n = len(page); len(found) == 0 {
			continue
		}
		err = db.change(ctx, "delete", func(tx *sql.Tx) error {
			for _, id := range found {
				if _, err := tx.ExecContext(ctx, "DELETE FROM rejections WHERE workspace = ? AND id = ?", workspace, id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// eraseRows empties the rejected rows of imports; they stay in the list, without what they held.
func (db *DB) eraseRows(ctx context.Context, workspace string, set *idSet) error {
	type kept struct {
		id  string
		row int64
		raw string
	}
	last := kept{}
	for n := erasePage; n == erasePage; {
		page, err := rows(ctx, db.read, func(r row) (k kept, err error) { return k, r.Scan(&k.id, &k.row, &k.raw) },
			"SELECT import, row_number, raw FROM import_rejections WHERE workspace = ? AND (import, row_number) > (?, ?) ORDER BY import, row_number LIMIT ?",
			workspace, last.id, last.row, erasePage)
		if err != nil {
			return err
		}
		var found []kept
		for _, k := range page {
			last = k
			if set.inRow(k.raw) {
				found = append(found, k)
			}
		}
		if n = len(page); len(found) == 0 {
			continue
		}
		err = db.change(ctx, "empty", func(tx *sql.Tx) error {
			for _, k := range found {
				if _, err := tx.ExecContext(ctx, "UPDATE import_rejections SET raw = '(erased)', message = '(erased)' WHERE workspace = ? AND import = ? AND row_number = ?", workspace, k.id, k.row); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// idSet finds ids in texts in one pass over each, without regard to case.
type idSet struct {
	whole map[string]bool
	odd   []string // those that are no single word, which a row is searched for one by one
}

func newIDSet(ids []string) *idSet {
	s := &idSet{whole: map[string]bool{}}
	for _, id := range ids {
		id = carpel.Fold(id)
		if id == "" || s.whole[id] {
			continue
		}
		s.whole[id] = true
		if strings.ContainsFunc(id, notOfWord) {
			s.odd = append(s.odd, id)
		}
	}
	return s
}

func (s *idSet) has(text string) bool { return s.whole[carpel.Fold(text)] }

// inBody reports whether a JSON text of the body is an id, or a number of digits alone is. The body may be anything but
// JSON: what stands between any two quotes that follow each other is taken for a text.
func (s *idSet) inBody(body []byte) bool {
	quote, escaped := -1, false // the last quote
	number := -1                // where the digits at hand begin
	for i, c := range body {
		switch {
		case c >= '0' && c <= '9':
			if number < 0 {
				number = i
			}
		case number >= 0:
			if s.has(string(body[number:i])) && aloneIn(body, number, i) {
				return true
			}
			number = -1
		}
		switch {
		case escaped:
			escaped = false
		case c == '\\':
			escaped = true
		case c == '"':
			if quote >= 0 && s.has(unquoted(body[quote:i+1])) {
				return true
			}
			quote = i
		}
	}
	return false
}

// aloneIn reports whether body[from:to] stands alone as a value of a JSON object or array.
func aloneIn(body []byte, from, to int) bool {
	before, behind := bytes.TrimRight(body[:from], " \t\r\n"), bytes.TrimLeft(body[to:], " \t\r\n")
	return len(before) > 0 && len(behind) > 0 && strings.IndexByte(":[,", before[len(before)-1]) >= 0 && strings.IndexByte(",]}", behind[0]) >= 0
}

// unquoted is what a JSON text says, or what stands between its quotes when it says nothing.
func unquoted(quoted []byte) string {
	inner := quoted[1 : len(quoted)-1]
	var text string
	if strings.IndexByte(string(inner), '\\') >= 0 && json.Unmarshal(quoted, &text) == nil {
		return text
	}
	return string(inner)
}

// inPath reports whether a part of the path of a request, "METHOD /escaped/path", is an id.
func (s *idSet) inPath(request string) bool {
	for part := range strings.SplitSeq(request, "/") {
		if plain, err := url.PathUnescape(part); err == nil && s.has(plain) {
			return true
		}
		if plain, err := url.QueryUnescape(part); err == nil && s.has(plain) {
			return true
		}
	}
	return false
}

// inRow reports whether a row of a file, of whatever format, holds an id: as a word, or as a text of JSON, which may be
// written with escapes. In CSV a quote within quotes is two.
func (s *idSet) inRow(raw string) bool {
	if s.inBody([]byte(raw)) {
		return true
	}
	raw = carpel.Fold(raw)
	for word := range strings.FieldsFuncSeq(raw, notOfWord) {
		if s.whole[word] {
			return true
		}
	}
	unquoted := strings.ReplaceAll(raw, `""`, `"`)
	for _, id := range s.odd {
		if strings.Contains(raw, id) || strings.Contains(unquoted, id) {
			return true
		}
	}
	return false
}

// notOfWord reports whether a rune ends a word of a row: ids and emails are of letters, digits and a few signs.
func notOfWord(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && !strings.ContainsRune("_-.@+~", r)
}
