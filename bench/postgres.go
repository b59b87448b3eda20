package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const postgresLayout = `Debian's PostgreSQL over a Unix socket; events in order of time as they would arrive, numbers instead of words; covering
B-trees on (name, time) and (time) for index-only scans, trigrams on the email; vacuumed, frozen and analysed; parallel workers on, JIT off.`

// postgresSchema makes the tables. Words of short lists are numbers, as in a table beside; wide columns come first, so
// that no bytes are lost to alignment.
const postgresSchema = `
CREATE EXTENSION pg_trgm;
CREATE TABLE people (created_at bigint NOT NULL, score float8 NOT NULL, id int NOT NULL, seats int NOT NULL, mrr int, plan smallint NOT NULL,
	country smallint NOT NULL, role smallint NOT NULL, language smallint NOT NULL, source smallint NOT NULL, trial boolean NOT NULL,
	user_id text NOT NULL, email text NOT NULL, company text);
CREATE UNLOGGED TABLE staging (moment bigint, person int, total int, name smallint, channel smallint, sku text);
CREATE TABLE events (moment bigint NOT NULL, person int NOT NULL, total int NOT NULL, name smallint NOT NULL, channel smallint NOT NULL, sku text NOT NULL);
CREATE TABLE members (segment text NOT NULL, person int NOT NULL)`

// postgresIndexes is what is done once the rows are there.
var postgresIndexes = []string{
	`INSERT INTO events SELECT * FROM staging ORDER BY moment`,
	`DROP TABLE staging`,
	`ALTER TABLE people ADD PRIMARY KEY (id)`,
	`CREATE INDEX ON people (plan, seats)`,
	`CREATE INDEX ON people (mrr)`,
	`CREATE INDEX ON people USING gin (email gin_trgm_ops)`,
	`CREATE INDEX ON events (name, moment) INCLUDE (person, total)`,
	`CREATE INDEX ON events (moment) INCLUDE (person)`,
	`INSERT INTO members SELECT 'large-customers', id FROM people WHERE plan IN (1, 2, 3) AND seats >= 100 ORDER BY id`,
	`ALTER TABLE members ADD PRIMARY KEY (segment, person)`,
	`VACUUM (FREEZE, ANALYZE)`,
	`CHECKPOINT`,
}

// postgresQueries are the definitions in PostgreSQL's SQL. {App Opened} is the number of a name.
var postgresQueries = map[string]string{
	"equality": `SELECT count(*) FROM people WHERE plan = 1`,
	"pattern":  `SELECT count(*) FROM people WHERE email LIKE '%example7.com%' OR email LIKE '%example42.com%'`,
	"number":   `SELECT count(*) FROM people WHERE mrr BETWEEN 10000 AND 50000`,
	"count-window": `SELECT count(*) FROM (SELECT person FROM events WHERE name = {App Opened} AND moment > {7d} AND moment <= {now}
		GROUP BY person HAVING count(*) >= 5) x`,
	"filter-window": `SELECT count(*) FROM (SELECT person FROM events WHERE name = {Order Completed} AND moment > {30d} AND moment <= {now} AND total > 10000
		GROUP BY person) x`,
	"count-3": `SELECT count(*) FROM (SELECT person FROM events WHERE name = {Order Completed} AND moment > {90d} AND moment <= {now}
		GROUP BY person HAVING count(*) >= 3) x`,
	"sum": `SELECT count(*) FROM (SELECT person FROM events WHERE name = {Order Completed} AND moment > {90d} AND moment <= {now}
		GROUP BY person HAVING sum(total) >= 50000) x`,
	"days": `SELECT count(*) FROM (SELECT person FROM events WHERE moment > {30d} AND moment <= {now}
		GROUP BY person HAVING bit_count(bit_or(1::bigint << (moment / 86400000 - {30d} / 86400000)::int)::bit(64)) >= 10) x`,
	"never": `SELECT (SELECT count(*) FROM people) - count(DISTINCT person) FROM events WHERE name = {App Opened} AND moment > {90d} AND moment <= {now}`,
	"sequence": `SELECT count(*) FROM (SELECT person FROM events b WHERE name = {Order Completed} AND moment > {90d} AND moment <= {now}
		AND EXISTS (SELECT FROM events a WHERE a.person = b.person AND a.name = {Checkout Started} AND a.moment > {90d}
			AND b.moment BETWEEN a.moment AND a.moment + 604800000) GROUP BY person) x`,
	"segment": `SELECT count(*) FROM members WHERE segment = 'large-customers'
		AND person IN (SELECT person FROM events WHERE name = {Support Contacted} AND moment > {30d} AND moment <= {now})`,
	"nested": `SELECT count(*) FROM people WHERE plan IN (1, 2)
		AND (country = {DE} OR id IN (SELECT person FROM events WHERE name = {Plan Changed} AND moment > {90d} AND moment <= {now}))
		AND NOT (trial OR id IN (SELECT person FROM events WHERE name = {Support Contacted} AND moment > {90d} AND moment <= {now}))`,
}

// postgresNumbers puts the numbers of words into SQL.
func postgresNumbers(query string) string {
	pairs := []string{"{DE}", strconv.Itoa(slices.Index(countries, "DE"))}
	for i, name := range eventNames {
		pairs = append(pairs, "{"+name+"}", strconv.Itoa(i))
	}
	return atNow(strings.NewReplacer(pairs...).Replace(query))
}

// postgres is a server of its own on a Unix socket. It does not run as root: there, it runs as the user postgres.
type postgres struct {
	options Options
	cmd     *exec.Cmd
	conn    *pgx.Conn
	socket  string // its directory
}

func newPostgres(o Options) Engine { return &postgres{options: o} }

func (p *postgres) PID() int {
	if p.cmd == nil {
		return 0
	}
	return p.cmd.Process.Pid
}

// program prepares one of PostgreSQL's programs, to be run as the user postgres when we are root.
func (p *postgres) program(name string, args ...string) (*exec.Cmd, error) {
	dirs, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return nil, err
	}
	slices.Reverse(dirs)
	path, err := lookProgram(name, dirs...)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = p.options.Dir
	if os.Getuid() != 0 {
		return cmd, nil
	}
	uid, gid, err := postgresUser()
	if err != nil {
		return nil, err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	return cmd, nil
}

func postgresUser() (uid, gid int, err error) {
	u, err := user.Lookup("postgres")
	if err != nil {
		return 0, 0, err
	}
	if uid, err = strconv.Atoi(u.Uid); err != nil {
		return 0, 0, err
	}
	gid, err = strconv.Atoi(u.Gid)
	return uid, gid, err
}

// own hands a directory to the user postgres when we are root.
func own(dir string) error {
	if os.Getuid() != 0 {
		return nil
	}
	uid, gid, err := postgresUser()
	if err != nil {
		return err
	}
	return os.Chown(dir, uid, gid)
}

func (p *postgres) data() string { return filepath.Join(p.options.Dir, "data") }

func (p *postgres) Start(ctx context.Context) error {
	var err error
	if p.socket, err = os.MkdirTemp("", "bench-pg"); err != nil { // a socket's path must be short
		return err
	}
	if err := own(p.socket); err != nil {
		return err
	}
	args := []string{"-D", p.data(), "-k", p.socket}
	for _, setting := range []string{"listen_addresses=", fmt.Sprintf("shared_buffers=%dMB", p.options.MemoryMB), "work_mem=256MB", "maintenance_work_mem=1GB",
		fmt.Sprintf("effective_cache_size=%dMB", 2*p.options.MemoryMB), fmt.Sprintf("max_parallel_workers=%d", p.options.Threads),
		fmt.Sprintf("max_parallel_workers_per_gather=%d", p.options.Threads), fmt.Sprintf("max_parallel_maintenance_workers=%d", p.options.Threads),
		"jit=off", "random_page_cost=1.1", "effective_io_concurrency=200", "max_wal_size=8GB", "checkpoint_timeout=1h", "wal_level=minimal", "max_wal_senders=0",
		"autovacuum=off", "dynamic_shared_memory_type=posix", "min_parallel_table_scan_size=1MB", "min_parallel_index_scan_size=128kB",
		"parallel_setup_cost=100", "parallel_tuple_cost=0.01"} {
		args = append(args, "-c", setting)
	}
	if p.cmd, err = p.program("postgres", args...); err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(p.options.Dir, "server.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	p.cmd.Stderr = log
	if err := p.cmd.Start(); err != nil {
		p.cmd = nil
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	err = until(ctx, time.Minute, func() error {
		p.conn, err = pgx.Connect(ctx, fmt.Sprintf("host=%s user=bench dbname=postgres", p.socket))
		return err
	})
	if err != nil {
		return errors.Join(fmt.Errorf("PostgreSQL does not answer; see %s: %w", log.Name(), err), p.Stop())
	}
	return nil
}

func (p *postgres) Stop() error {
	if p.cmd == nil {
		return nil
	}
	var err error
	if p.conn != nil {
		err = p.conn.Close(context.Background())
	}
	err = errors.Join(err, p.cmd.Process.Signal(syscall.SIGINT), p.cmd.Wait(), os.RemoveAll(p.socket)) // SIGINT: disconnect all, and stop cleanly
	p.cmd, p.conn = nil, nil
	return err
}

func (p *postgres) Count(ctx context.Context, key string) (int64, error) {
	var n int64
	if err := p.conn.QueryRow(ctx, postgresNumbers(postgresQueries[key])).Scan(&n); err != nil {
		return 0, fmt.Errorf("PostgreSQL, %s: %w", key, err)
	}
	return n, nil
}

func (p *postgres) Version(ctx context.Context) (string, error) {
	var v string
	err := p.conn.QueryRow(ctx, "SHOW server_version").Scan(&v)
	v, _, _ = strings.Cut(v, " ") // without the name of the package
	return v, err
}

func (p *postgres) Load(ctx context.Context, s Scale) error {
	if err := own(p.options.Dir); err != nil {
		return err
	}
	initdb, err := p.program("initdb", "-D", p.data(), "-U", "bench", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
	if err != nil {
		return err
	}
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	if err := p.Start(ctx); err != nil {
		return err
	}
	return errors.Join(p.fill(ctx, s), p.Stop())
}

func (p *postgres) fill(ctx context.Context, s Scale) error {
	if _, err := p.conn.Exec(ctx, postgresSchema); err != nil {
		return fmt.Errorf("PostgreSQL: %w", err)
	}
	people := []string{"created_at", "score", "id", "seats", "mrr", "plan", "country", "role", "language", "source", "trial", "user_id", "email", "company"}
	if _, err := p.conn.CopyFrom(ctx, pgx.Identifier{"people"}, people, copyRows(s, postgresPerson)); err != nil {
		return fmt.Errorf("PostgreSQL: copy people: %w", err)
	}
	events := []string{"moment", "person", "total", "name", "channel", "sku"}
	if _, err := p.conn.CopyFrom(ctx, pgx.Identifier{"staging"}, events, copyRows(s, postgresEvents)); err != nil {
		return fmt.Errorf("PostgreSQL: copy events: %w", err)
	}
	for _, statement := range postgresIndexes {
		if _, err := p.conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("PostgreSQL: %s: %w", statement, err)
		}
	}
	return nil
}

func postgresPerson(p *Person, yield func(...any) bool) bool {
	var mrr, company any
	if p.MRR >= 0 {
		mrr = int32(p.MRR)
	}
	if p.Company != "" {
		company = p.Company
	}
	return yield(p.CreatedAt, p.Score, int32(p.ID), int32(p.Seats), mrr, int16(p.Plan), int16(p.Country), int16(p.Role), int16(p.Language), int16(p.Source),
		p.Trial, p.UserID(), p.Email, company)
}

func postgresEvents(p *Person, yield func(...any) bool) bool {
	for i := range p.Events {
		e := &p.Events[i]
		if !yield(e.At, int32(p.ID), int32(e.Total), int16(e.Name), int16(e.Channel), e.SKUText()) {
			return false
		}
	}
	return true
}
