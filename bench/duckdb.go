package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/duckdb/duckdb-go/v2"
)

const duckLayout = `one database file; events sorted by name, month, person and time; names and other short lists of words as ENUM, money as
whole cents, people as dense numbers; no index, which DuckDB would not use for ranges. Appended to a staging file, then written sorted.`

// duckSchema makes the tables. %s is the schema.
const duckSchema = `
CREATE TABLE %[1]s.people (id INTEGER, user_id VARCHAR, email VARCHAR, plan plan, country country, seats INTEGER, mrr INTEGER, trial BOOLEAN,
	created_at BIGINT, company VARCHAR, role role, language language, score DOUBLE, source source);
CREATE TABLE %[1]s.events (name event_name, person INTEGER, moment BIGINT, total INTEGER, channel channel, sku VARCHAR)`

// duckSorted writes the staged rows in the order in which questions want them.
const duckSorted = `
CREATE TABLE people AS SELECT * FROM staging.people ORDER BY id;
CREATE TABLE events AS SELECT * FROM staging.events ORDER BY name, moment // 2592000000, person, moment;
CREATE TABLE members AS SELECT 'large-customers' AS segment, id AS person FROM people WHERE plan IN ('pro', 'team', 'enterprise') AND seats >= 100 ORDER BY id;
CHECKPOINT`

// duckQueries are the definitions in DuckDB's SQL.
var duckQueries = map[string]string{
	"equality": `SELECT count(*) FROM people WHERE plan = 'pro'`,
	"pattern":  `SELECT count(*) FROM people WHERE contains(email, 'example7.com') OR contains(email, 'example42.com')`,
	"number":   `SELECT count(*) FROM people WHERE mrr BETWEEN 10000 AND 50000`,
	"count-window": `SELECT count(*) FROM (SELECT person FROM events WHERE name = 'App Opened' AND moment > {7d} AND moment <= {now}
		GROUP BY person HAVING count(*) >= 5)`,
	"filter-window": `SELECT count(DISTINCT person) FROM events WHERE name = 'Order Completed' AND moment > {30d} AND moment <= {now} AND total > 10000`,
	"count-3": `SELECT count(*) FROM (SELECT person FROM events WHERE name = 'Order Completed' AND moment > {90d} AND moment <= {now}
		GROUP BY person HAVING count(*) >= 3)`,
	"sum": `SELECT count(*) FROM (SELECT person FROM events WHERE name = 'Order Completed' AND moment > {90d} AND moment <= {now}
		GROUP BY person HAVING sum(total) >= 50000)`,
	"days": `SELECT count(*) FROM (SELECT person FROM events WHERE moment > {30d} AND moment <= {now}
		GROUP BY person HAVING bit_count(bit_or(1::BIGINT << (moment // 86400000 - {30d} // 86400000))) >= 10)`,
	"never": `SELECT (SELECT count(*) FROM people) - (SELECT count(*) FROM (SELECT person FROM events
		WHERE name = 'App Opened' AND moment > {90d} AND moment <= {now} GROUP BY person))`,
	"sequence": `SELECT count(DISTINCT b.person)
		FROM (SELECT person, moment FROM events WHERE name = 'Order Completed' AND moment > {90d} AND moment <= {now}) b
		SEMI JOIN (SELECT person, moment FROM events WHERE name = 'Checkout Started' AND moment > {90d}) a
		ON a.person = b.person AND a.moment <= b.moment AND a.moment >= b.moment - 604800000`,
	"segment": `SELECT count(*) FROM members WHERE segment = 'large-customers'
		AND person IN (SELECT person FROM events WHERE name = 'Support Contacted' AND moment > {30d} AND moment <= {now})`,
	"nested": `SELECT count(*) FROM people WHERE plan IN ('pro', 'team')
		AND (country = 'DE' OR id IN (SELECT person FROM events WHERE name = 'Plan Changed' AND moment > {90d} AND moment <= {now}))
		AND NOT (trial OR id IN (SELECT person FROM events WHERE name = 'Support Contacted' AND moment > {90d} AND moment <= {now}))`,
}

// atNow puts moments into SQL: {now}, and {30d} for thirty days before it.
func atNow(query string) string {
	pairs := []string{"{now}", fmt.Sprint(int64(now))}
	for _, days := range []int64{7, 30, 90} {
		pairs = append(pairs, fmt.Sprintf("{%dd}", days), fmt.Sprint(now-days*day))
	}
	return strings.NewReplacer(pairs...).Replace(query)
}

// duck is DuckDB as a library.
type duck struct {
	options Options
	db      *sql.DB
}

func newDuck(o Options) Engine { return &duck{options: o} }

func (d *duck) PID() int { return os.Getpid() }

func (d *duck) Start(ctx context.Context) error {
	connector, err := duckdb.NewConnector(filepath.Join(d.options.Dir, "bench.duckdb"), nil)
	if err != nil {
		return fmt.Errorf("open DuckDB: %w", err)
	}
	d.db = sql.OpenDB(connector)
	d.db.SetMaxOpenConns(1)
	settings := fmt.Sprintf(`SET threads = %d; SET memory_limit = '%dMB'; SET temp_directory = '%s'`, d.options.Threads, d.options.MemoryMB,
		filepath.Join(d.options.Dir, "temporary"))
	if _, err := d.db.ExecContext(ctx, settings); err != nil {
		return errors.Join(fmt.Errorf("set up DuckDB: %w", err), d.Stop())
	}
	return nil
}

func (d *duck) Stop() error {
	if d.db == nil {
		return nil
	}
	err := d.db.Close()
	d.db = nil
	return err
}

func (d *duck) Count(ctx context.Context, key string) (int64, error) {
	var n int64
	if err := d.db.QueryRowContext(ctx, atNow(duckQueries[key])).Scan(&n); err != nil {
		return 0, fmt.Errorf("DuckDB, %s: %w", key, err)
	}
	return n, nil
}

func (d *duck) Version(ctx context.Context) (string, error) {
	var v string
	err := d.db.QueryRowContext(ctx, "SELECT version()").Scan(&v)
	return v, err
}

func (d *duck) Load(ctx context.Context, s Scale) error {
	if err := d.Start(ctx); err != nil {
		return err
	}
	staging := filepath.Join(d.options.Dir, "staging.duckdb")
	err := d.exec(ctx, duckTypes()+fmt.Sprintf("ATTACH '%s' AS staging;", staging)+strings.ReplaceAll(duckTypes(), "TYPE ", "TYPE staging.")+
		fmt.Sprintf(duckSchema, "staging"))
	if err == nil {
		err = d.append(ctx, s)
	}
	if err == nil {
		err = d.exec(ctx, duckSorted)
	}
	return errors.Join(err, d.Stop(), os.Remove(staging))
}

func (d *duck) exec(ctx context.Context, query string) error {
	if _, err := d.db.ExecContext(ctx, query); err != nil {
		return fmt.Errorf("DuckDB: %w", err)
	}
	return nil
}

// duckTypes makes the ENUMs.
func duckTypes() string {
	var b strings.Builder
	for _, t := range []struct {
		name  string
		words []string
	}{{"event_name", eventNames}, {"channel", channels}, {"plan", plans}, {"country", countries}, {"role", roles}, {"language", languages}, {"source", sources}} {
		fmt.Fprintf(&b, "CREATE TYPE %s AS ENUM ('%s');", t.name, strings.Join(t.words, "', '"))
	}
	return b.String()
}

// append fills the staging tables.
func (d *duck) append(ctx context.Context, s Scale) error {
	conn, err := d.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(c any) error {
		people, err := duckdb.NewAppender(c.(driver.Conn), "staging", "main", "people")
		if err != nil {
			return err
		}
		events, err := duckdb.NewAppender(c.(driver.Conn), "staging", "main", "events")
		if err != nil {
			return errors.Join(err, people.Close())
		}
		for p := range s.All {
			if err = errors.Join(ctx.Err(), duckAppend(people, events, p)); err != nil {
				break
			}
		}
		return errors.Join(err, people.Close(), events.Close())
	})
}

func duckAppend(people, events *duckdb.Appender, p *Person) error {
	var mrr, company any
	if p.MRR >= 0 {
		mrr = int32(p.MRR)
	}
	if p.Company != "" {
		company = p.Company
	}
	if err := people.AppendRow(int32(p.ID), p.UserID(), p.Email, plans[p.Plan], countries[p.Country], int32(p.Seats), mrr, p.Trial, p.CreatedAt, company,
		roles[p.Role], languages[p.Language], p.Score, sources[p.Source]); err != nil {
		return err
	}
	for i := range p.Events {
		e := &p.Events[i]
		if err := events.AppendRow(eventNames[e.Name], int32(p.ID), e.At, int32(e.Total), channels[e.Channel], e.SKUText()); err != nil {
			return err
		}
	}
	return nil
}
