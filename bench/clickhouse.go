package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const clickHouseLayout = `Debian's clickhouse-server over HTTP; events in a MergeTree ordered by (name, person, time), partitioned by month, merged
to one part a month; people ordered by number; names and other short lists of words as Enum8, times as Int64 milliseconds, money as Int32 cents, nothing Nullable;
the cache of uncompressed blocks is on.`

// clickHouseSchema makes the tables, one statement a line.
var clickHouseSchema = []string{
	`CREATE TABLE people (id UInt32, user_id String, email String, plan {plans}, country {countries}, seats UInt16, mrr Int32, trial UInt8, created_at Int64,
		company String, role {roles}, language {languages}, score Float64, source {sources}) ENGINE = MergeTree ORDER BY id`,
	`CREATE TABLE events (name {names}, person UInt32, moment Int64, total Int32, channel {channels}, sku String)
		ENGINE = MergeTree PARTITION BY toYYYYMM(toDate(intDiv(moment, 1000))) ORDER BY (name, person, moment)`,
	`CREATE TABLE members (segment String, person UInt32) ENGINE = MergeTree ORDER BY (segment, person)`,
}

// clickHouseQueries are the definitions in the SQL of ClickHouse 18.16.
var clickHouseQueries = map[string]string{
	"equality": `SELECT count() FROM people WHERE plan = 'pro'`,
	"pattern":  `SELECT count() FROM people WHERE position(email, 'example7.com') > 0 OR position(email, 'example42.com') > 0`,
	"number":   `SELECT count() FROM people WHERE mrr BETWEEN 10000 AND 50000`,
	"count-window": `SELECT count() FROM (SELECT person FROM events PREWHERE name = 'App Opened' AND moment > {7d} AND moment <= {now}
		GROUP BY person HAVING count() >= 5)`,
	"filter-window": `SELECT uniqExact(person) FROM events PREWHERE name = 'Order Completed' AND moment > {30d} AND moment <= {now} WHERE total > 10000`,
	"count-3": `SELECT count() FROM (SELECT person FROM events PREWHERE name = 'Order Completed' AND moment > {90d} AND moment <= {now}
		GROUP BY person HAVING count() >= 3)`,
	"sum": `SELECT count() FROM (SELECT person FROM events PREWHERE name = 'Order Completed' AND moment > {90d} AND moment <= {now}
		GROUP BY person HAVING sum(total) >= 50000)`,
	"days": `SELECT count() FROM (SELECT person FROM events PREWHERE moment > {30d} AND moment <= {now}
		GROUP BY person HAVING uniqExact(toUInt16(intDiv(moment, 86400000))) >= 10)`,
	"never": `SELECT (SELECT count() FROM people) - uniqExact(person) FROM events PREWHERE name = 'App Opened' AND moment > {90d} AND moment <= {now}`,
	"sequence": `SELECT count() FROM (SELECT person FROM events PREWHERE name IN ('Checkout Started', 'Order Completed') AND moment > {90d} AND moment <= {now}
		GROUP BY person HAVING windowFunnel(604800)(toUInt32(intDiv(moment, 1000)), name = 'Checkout Started', name = 'Order Completed') = 2)`,
	"segment": `SELECT count() FROM members WHERE segment = 'large-customers'
		AND person IN (SELECT person FROM events PREWHERE name = 'Support Contacted' AND moment > {30d} AND moment <= {now})`,
	"nested": `SELECT count() FROM people WHERE plan IN ('pro', 'team')
		AND (country = 'DE' OR id IN (SELECT person FROM events PREWHERE name = 'Plan Changed' AND moment > {90d} AND moment <= {now}))
		AND NOT (trial OR id IN (SELECT person FROM events PREWHERE name = 'Support Contacted' AND moment > {90d} AND moment <= {now}))`,
}

const clickHouseConfig = `<yandex>
<logger><level>warning</level><log>%[1]s/server.log</log><errorlog>%[1]s/server.err.log</errorlog><size>10M</size><count>1</count></logger>
<listen_host>127.0.0.1</listen_host><http_port>%[2]d</http_port><tcp_port>%[3]d</tcp_port>
<path>%[1]s/data/</path><tmp_path>%[1]s/tmp/</tmp_path><user_files_path>%[1]s/files/</user_files_path><format_schema_path>%[1]s/formats/</format_schema_path>
<users_config>%[1]s/users.xml</users_config><default_profile>default</default_profile><default_database>default</default_database>
<mark_cache_size>268435456</mark_cache_size><uncompressed_cache_size>%[4]d</uncompressed_cache_size><timezone>UTC</timezone>
<merge_tree><old_parts_lifetime>1</old_parts_lifetime></merge_tree>
</yandex>`

const clickHouseUsers = `<yandex>
<profiles><default><max_threads>%d</max_threads><max_memory_usage>%d</max_memory_usage><use_uncompressed_cache>1</use_uncompressed_cache>
<merge_tree_max_rows_to_use_cache>1000000000</merge_tree_max_rows_to_use_cache><log_queries>0</log_queries></default></profiles>
<users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>
<quotas><default></default></quotas>
</yandex>`

// clickHouse is a server of its own on loopback, spoken to over HTTP on one connection.
type clickHouse struct {
	options Options
	cmd     *exec.Cmd
	base    string
	client  *http.Client
}

func newClickHouse(o Options) Engine { return &clickHouse{options: o} }

func (c *clickHouse) PID() int {
	if c.cmd == nil {
		return 0
	}
	return c.cmd.Process.Pid
}

func (c *clickHouse) Start(ctx context.Context) error {
	program, err := lookProgram("clickhouse-server", "/usr/sbin", "/usr/bin")
	if err != nil {
		return err
	}
	ports, err := freePorts(2)
	if err != nil {
		return err
	}
	dir := c.options.Dir
	config := fmt.Sprintf(clickHouseConfig, dir, ports[0], ports[1], int64(c.options.MemoryMB)<<20)
	users := fmt.Sprintf(clickHouseUsers, c.options.Threads, int64(c.options.MemoryMB)<<20)
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "config.xml"), []byte(config), 0o600),
		os.WriteFile(filepath.Join(dir, "users.xml"), []byte(users), 0o600)); err != nil {
		return err
	}
	c.base = fmt.Sprintf("http://127.0.0.1:%d/", ports[0])
	c.client = &http.Client{Transport: &http.Transport{DisableCompression: true}}
	c.cmd = exec.Command(program, "--config-file="+filepath.Join(dir, "config.xml"))
	if err := c.cmd.Start(); err != nil {
		c.cmd = nil
		return fmt.Errorf("start ClickHouse: %w", err)
	}
	if err := until(ctx, time.Minute, func() error { _, err := c.query(ctx, "SELECT 1", nil); return err }); err != nil {
		return errors.Join(fmt.Errorf("ClickHouse does not answer; see %s/server.err.log: %w", dir, err), c.Stop())
	}
	return nil
}

func (c *clickHouse) Stop() error {
	if c.cmd == nil {
		return nil
	}
	c.client.CloseIdleConnections()
	err := c.cmd.Process.Signal(syscall.SIGTERM)
	var exit *exec.ExitError
	if wait := c.cmd.Wait(); !errors.As(wait, &exit) { // its exit code after a signal says nothing
		err = errors.Join(err, wait)
	}
	c.cmd = nil
	return err
}

func (c *clickHouse) Count(ctx context.Context, key string) (int64, error) {
	answer, err := c.query(ctx, atNow(clickHouseQueries[key]), nil)
	if err != nil {
		return 0, fmt.Errorf("ClickHouse, %s: %w", key, err)
	}
	return strconv.ParseInt(strings.TrimSpace(answer), 10, 64)
}

func (c *clickHouse) Version(ctx context.Context) (string, error) {
	answer, err := c.query(ctx, "SELECT version()", nil)
	return strings.TrimSpace(answer), err
}

// query sends a statement, with the rows to insert as the body.
func (c *clickHouse) query(ctx context.Context, statement string, rows io.Reader) (string, error) {
	at := c.base
	body := io.Reader(strings.NewReader(statement))
	if rows != nil {
		at, body = at+"?query="+url.QueryEscape(statement), rows
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at, body)
	if err != nil {
		return "", err
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", resp.Status, strings.TrimSpace(string(answer)))
	}
	return string(answer), nil
}

func (c *clickHouse) Load(ctx context.Context, s Scale) error {
	if err := c.Start(ctx); err != nil {
		return err
	}
	return errors.Join(c.fill(ctx, s), c.Stop())
}

func (c *clickHouse) fill(ctx context.Context, s Scale) error {
	enums := strings.NewReplacer("{names}", enum8(eventNames), "{channels}", enum8(channels), "{plans}", enum8(plans), "{countries}", enum8(countries),
		"{roles}", enum8(roles), "{languages}", enum8(languages), "{sources}", enum8(sources))
	for _, statement := range clickHouseSchema {
		if _, err := c.query(ctx, enums.Replace(statement), nil); err != nil {
			return fmt.Errorf("ClickHouse: %w", err)
		}
	}
	for table, row := range map[string]func([]byte, *Person) []byte{"people": rowBinaryPerson, "events": rowBinaryEvents} {
		if err := c.insert(ctx, s, table, row); err != nil {
			return fmt.Errorf("ClickHouse: insert %s: %w", table, err)
		}
	}
	for _, statement := range []string{
		`INSERT INTO members SELECT 'large-customers', id FROM people WHERE plan IN ('pro', 'team', 'enterprise') AND seats >= 100`,
		`OPTIMIZE TABLE people FINAL`, `OPTIMIZE TABLE members FINAL`} {
		if _, err := c.query(ctx, statement, nil); err != nil {
			return fmt.Errorf("ClickHouse: %w", err)
		}
	}
	return c.mergeMonths(ctx)
}

// mergeMonths leaves one part a month.
func (c *clickHouse) mergeMonths(ctx context.Context) error {
	months, err := c.query(ctx, `SELECT DISTINCT partition FROM system.parts WHERE table = 'events' AND active`, nil)
	if err != nil {
		return err
	}
	for _, month := range strings.Fields(months) {
		if _, err := c.query(ctx, fmt.Sprintf(`OPTIMIZE TABLE events PARTITION %s FINAL`, month), nil); err != nil {
			return fmt.Errorf("ClickHouse: merge %s: %w", month, err)
		}
	}
	return until(ctx, time.Minute, func() error { // what was merged goes away by itself
		left, err := c.query(ctx, `SELECT count() FROM system.parts WHERE NOT active`, nil)
		if err == nil && strings.TrimSpace(left) != "0" {
			err = fmt.Errorf("ClickHouse: %s merged parts are still there", strings.TrimSpace(left))
		}
		return err
	})
}

// insert streams rows as RowBinary, ClickHouse's fastest format by rows.
func (c *clickHouse) insert(ctx context.Context, s Scale, table string, row func([]byte, *Person) []byte) error {
	r, w := io.Pipe()
	go func() {
		out := bufio.NewWriterSize(w, 1<<20)
		var b []byte
		for p := range s.All {
			b = row(b[:0], p)
			if _, err := out.Write(b); err != nil {
				return // the reader has gone; its error is what is told
			}
		}
		w.CloseWithError(out.Flush())
	}()
	defer r.Close()
	_, err := c.query(ctx, "INSERT INTO "+table+" FORMAT RowBinary", r)
	return err
}

func rowBinaryPerson(b []byte, p *Person) []byte {
	le := binary.LittleEndian
	b = rowBinaryText(rowBinaryText(le.AppendUint32(b, uint32(p.ID)), p.UserID()), p.Email)
	b = le.AppendUint16(append(b, byte(p.Plan), byte(p.Country)), uint16(p.Seats))
	b = le.AppendUint32(b, uint32(int32(p.MRR)))
	trial := byte(0)
	if p.Trial {
		trial = 1
	}
	b = rowBinaryText(le.AppendUint64(append(b, trial), uint64(p.CreatedAt)), p.Company)
	return append(le.AppendUint64(append(b, byte(p.Role), byte(p.Language)), math.Float64bits(p.Score)), byte(p.Source))
}

func rowBinaryEvents(b []byte, p *Person) []byte {
	le := binary.LittleEndian
	for i := range p.Events {
		e := &p.Events[i]
		b = le.AppendUint32(append(b, byte(e.Name)), uint32(p.ID))
		b = le.AppendUint32(le.AppendUint64(b, uint64(e.At)), uint32(e.Total))
		b = rowBinaryText(append(b, byte(e.Channel)), e.SKUText())
	}
	return b
}

func rowBinaryText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// enum8 is the type of a list of words, numbered from 0.
func enum8(words []string) string {
	var of []string
	for i, w := range words {
		of = append(of, fmt.Sprintf("'%s' = %d", w, i))
	}
	return "Enum8(" + strings.Join(of, ", ") + ")"
}

// freePorts finds ports of loopback that nobody listens on.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// until repeats fn until it succeeds, for at most limit, and returns its last error.
func until(ctx context.Context, limit time.Duration, fn func() error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := fn()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

// lookProgram finds a program on the path or in one of the directories where distributions put it.
func lookProgram(name string, dirs ...string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	for _, dir := range dirs {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not installed", name)
}
