package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/carpel/carpel/internal/cli"
	"github.com/carpel/carpel/internal/server"
)

// terminal runs commands on one data directory.
type terminal struct {
	t    *testing.T
	data string
}

// run runs one command, which must end with the code, and returns what it wrote.
func (c terminal) run(code int, args ...string) (out, hints string) {
	c.t.Helper()
	var stdout, stderr bytes.Buffer
	if got := cli.Run(c.t.Context(), append(args, "--data", c.data), cli.IO{Out: &stdout, Err: &stderr, Version: "test"}); got != code {
		c.t.Fatalf("carpel %s ended with %d, want %d\n%s%s", strings.Join(args, " "), got, code, &stdout, &stderr)
	}
	return stdout.String(), stderr.String()
}

// read runs one command with -o json and decodes what it wrote.
func (c terminal) read(into any, args ...string) {
	c.t.Helper()
	out, _ := c.run(0, append(args, "-o", "json")...)
	if err := json.Unmarshal([]byte(out), into); err != nil {
		c.t.Fatalf("carpel %s: %v in %s", strings.Join(args, " "), err, out)
	}
}

// serve runs carpel serve until the test ends, and returns its address and the write key of its first start.
func (c terminal) serve() (address, writeKey string) {
	c.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	pr, pw := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- cli.Run(ctx, []string{"serve", "--data", c.data, "--listen", "127.0.0.1:0", "--min-free-mb", "1"}, cli.IO{Out: io.Discard, Err: pw, Version: "test"})
		pw.Close()
	}()
	c.t.Cleanup(func() {
		stop()
		if code := <-done; code != 0 {
			c.t.Errorf("carpel serve ended with %d", code)
		}
	})
	var text strings.Builder
	buf := make([]byte, 4096)
	for !strings.Contains(text.String(), "Next, in another terminal") {
		n, err := pr.Read(buf)
		if err != nil {
			c.t.Fatalf("carpel serve: %v: %s", err, &text)
		}
		text.Write(buf[:n])
	}
	go io.Copy(io.Discard, pr)
	keys, err := os.ReadFile(filepath.Join(c.data, server.FirstKeysFile))
	if err != nil {
		c.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(keys), "write key   ")
	writeKey, _, _ = strings.Cut(rest, "\n")
	_, rest, _ = strings.Cut(text.String(), "API         http://")
	address, _, _ = strings.Cut(rest, "/")
	return address, writeKey
}

// The main job, on real data, from the command line to the answer: what docs/five-minutes.md shows. The counts are
// those that the data's README gives, the first table that of the paper the data come from.
func TestRealData(t *testing.T) {
	data := realData(t)
	c := terminal{t, filepath.Join(t.TempDir(), "data")}
	address, writeKey := c.serve()

	out, _ := c.run(0, "import", filepath.Join(data, "cdnow_sample.csv"), "--kind", "events", "--event", "Order Completed", "--map", "customer_id=id", "--map", "date=time")
	if !strings.Contains(out, "6,919 rows read: 6,919 taken, 0 there already, 0 rejected") {
		t.Fatal(out)
	}
	out, _ = c.run(0, "import", filepath.Join(data, "telco_customers.csv"), "--map", "customerID=id")
	if !strings.Contains(out, "7,043 rows read: 7,043 taken") {
		t.Fatal(out)
	}

	for _, q := range []struct {
		definition string
		asOf       string
		want       int64
	}{
		{`did "Order Completed" on exactly 1 days before 1997-10-01`, "", 1411},
		{`did "Order Completed" on exactly 2 days before 1997-10-01`, "", 439},
		{`did "Order Completed" on exactly 3 days before 1997-10-01`, "", 214},
		{`did "Order Completed" on exactly 4 days before 1997-10-01`, "", 100},
		{`did "Order Completed" on exactly 5 days before 1997-10-01`, "", 62},
		{`did "Order Completed" on exactly 6 days before 1997-10-01`, "", 38},
		{`did "Order Completed" on exactly 7 days before 1997-10-01`, "", 29},
		{`did "Order Completed" on at least 8 days before 1997-10-01`, "", 64},
		{`{"event": "Order Completed", "sum": {"of": "dollars", "at_least": 500}}`, "", 76},
		{`{"event": "Order Completed", "sum": {"of": "dollars", "more_than": 100}}`, "", 615},
		{`{"event": "Order Completed", "count": {"exactly": 0}, "when": {"from": "1998-01-01"}}`, "1998-07-01T00:00:00Z", 1842},
		{`Churn is Yes`, "", 1869},
		{`Contract is "Month-to-month" and InternetService is "Fiber optic" and tenure < 12 and TechSupport is No`, "", 800},
		{`PaymentMethod contains "mailed|automatic"`, "", 4678},
		{`SeniorCitizen is 1 and (Partner is Yes or Dependents is Yes)`, "", 581},
		{`MonthlyCharges between 70 and 90.5`, "", 1921},
		{`TotalCharges is " "`, "", 11},
	} {
		args := []string{"segment", "preview", "--sample", "0", q.definition}
		if q.asOf != "" {
			args = append(args, "--as-of", q.asOf)
		}
		var p struct{ Count int64 }
		if c.read(&p, args...); p.Count != q.want {
			t.Errorf("%s: %d people, want %d", q.definition, p.Count, q.want)
		}
		// The same definition, saved: the built segment has the count of the preview.
		if q.asOf != "" {
			continue
		}
		var s struct {
			Count int64
			State string
		}
		if c.read(&s, "segment", "create", "--name", "Real", q.definition); s.Count != q.want || s.State != "live" {
			t.Errorf("%s: the segment is %s with %d people, want %d", q.definition, s.State, s.Count, q.want)
		}
	}
	watchOneEvent(t, c, address, writeKey)
	var report struct {
		Differences int64 `json:"problems_all"`
		Memberships int64
	}
	if c.read(&report, "check"); report.Differences != 0 || report.Memberships == 0 {
		t.Errorf("check finds %+v", report)
	}
}

// watchOneEvent makes a segment of those who spent over 500 dollars, sees who just is not in it and why, sends one more
// order over HTTP, and sees the change in the feed.
func watchOneEvent(t *testing.T, c terminal, address, writeKey string) {
	t.Helper()
	def := `{"event": "Order Completed", "sum": {"of": "dollars", "at_least": 500}}`
	c.run(0, "segment", "create", "--name", "Big spenders", def)
	var before struct {
		Matched bool
		Tree    []struct{ Actual, Wanted string }
	}
	if c.read(&before, "segment", "explain", "big-spenders", "0001"); before.Matched {
		t.Fatal("customer 0001 spent over 500 dollars already")
	}
	if len(before.Tree) != 1 || before.Tree[0].Actual == "" {
		t.Errorf("the explanation is %+v", before.Tree)
	}

	changes := follow(t, c, address, "big-spenders")
	body := fmt.Sprintf(`{"userId":"0001","event":"Order Completed","messageId":"one-more","timestamp":%q,"properties":{"cds":40,"dollars":450}}`, time.Now().UTC().Format(time.RFC3339))
	r, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+address+"/v1/track", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(writeKey, "")
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("POST /v1/track: %s", res.Status)
	}
	select {
	case line := <-changes:
		for _, want := range []string{`"change":"enter"`, `"cause":"data"`, `"id":"0001"`} {
			if !strings.Contains(line, want) {
				t.Errorf("the change %s lacks %s", line, want)
			}
		}
	case <-time.After(time.Minute):
		t.Error("no change came within a minute")
	}
	out, _ := c.run(0, "segment", "explain", "big-spenders", "0001")
	if !strings.Contains(out, "0001 is IN") || !strings.Contains(out, "Order Completed") {
		t.Errorf("the explanation is %s", out)
	}
	out, _ = c.run(0, "segment", "show", "big-spenders")
	if !strings.Contains(out, "77 people, live") {
		t.Error(out)
	}
}

// follow reads a segment's changes from now on as they come.
func follow(t *testing.T, c terminal, address, segment string) <-chan string {
	t.Helper()
	secret, _ := c.run(0, "key", "create", "--kind", "ak", "--name", "reader", "--scope", "read")
	r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+address+"/api/segments/"+segment+"/changes?after=now", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(secret))
	r.Header.Set("Accept", "text/event-stream")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK {
		t.Fatalf("the feed: %s", res.Status)
	}
	lines := make(chan string, 16)
	go func() {
		defer res.Body.Close()
		var text string
		buf := make([]byte, 4096)
		for {
			n, err := res.Body.Read(buf)
			text += string(buf[:n])
			for {
				line, rest, ok := strings.Cut(text, "\n")
				if !ok {
					break
				}
				if data, ok := strings.CutPrefix(line, "data: "); ok {
					lines <- data
				}
				text = rest
			}
			if err != nil {
				return
			}
		}
	}()
	return lines
}
