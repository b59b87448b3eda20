package server_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
	"github.com/carpel/carpel/internal/server"
)

// manyPeople is a CSV of n people.
func manyPeople(n int) []byte {
	var b strings.Builder
	b.WriteString("id,plan,age\n")
	for i := range n {
		fmt.Fprintf(&b, "u%d,pro,%d\n", i, i%90)
	}
	return []byte(b.String())
}

func TestImports(t *testing.T) {
	c := client{t, open(t, nil), adminKey}
	// Every kind of file, with a dry run in front that takes nothing.
	people := []byte("customer_id;plan\n1;pro\n2;free\n;lost\n")
	dry := c.bringIn("kind=people&file=p.csv&dry_run=true", people)
	if dry.get("accepted") != 2.0 || dry.get("rejected") != 1.0 || dry.get("dry_run") != true {
		t.Errorf("the dry run is %s", dry.body)
	}
	c.want(404, "GET /api/people/1", nil)
	done := c.bringIn("kind=people&file=p.csv", people)
	if done.get("accepted") != 2.0 || done.get("state") != "done" || done.get("mapping.columns.customer_id") != "id" || done.get("read_bytes") != float64(len(people)) {
		t.Errorf("the import is %s", done.body)
	}
	// What is shown of the mapping can be sent again, and nothing is shown of our disk.
	for _, request := range []string{"GET /api/imports", "GET /api/imports/" + done.get("id").(string)} {
		if a := c.want(200, request, nil); strings.Contains(string(a.body), "import-") || strings.Contains(string(a.body), "sha256") {
			t.Errorf("%s: %s", request, a.body)
		}
	}
	mapping, err := json.Marshal(done.get("mapping"))
	if err != nil {
		t.Fatal(err)
	}
	if again := c.bringIn("kind=people&file=p.csv&dry_run=true&mapping="+url.QueryEscape(string(mapping)), people); again.get("accepted") != 2.0 {
		t.Errorf("with the mapping shown: %s", again.body)
	}
	// An email that stands twice is found by the dry run as by the import.
	twice := []byte("id,email\n8,Ann@example.com\n9,ann@example.com\n8,ann@example.com\n")
	for _, run := range []string{"&dry_run=true", ""} {
		a := c.bringIn("kind=people&file=t.csv"+run, twice)
		if a.get("accepted") != 2.0 || a.get("partial") != 1.0 {
			t.Errorf("an email that stands twice%s: %s", run, a.body)
		}
		rows := c.want(200, "GET /api/imports/"+a.get("id").(string)+"/rejected", nil)
		if rows.get("rows.0.row") != 2.0 || rows.get("rows.0.code") != carpel.CodeEmailTaken {
			t.Errorf("its rows are%s: %s", run, rows.body)
		}
	}
	rejected := c.want(200, "GET /api/imports/"+done.get("id").(string)+"/rejected", nil)
	if rejected.get("rows.0.row") != 3.0 || rejected.get("rows.0.line") != 4.0 || rejected.get("rows.0.code") != "no_identity" || rejected.get("rows.0.raw") != ";lost" {
		t.Errorf("rejected are %s", rejected.body)
	}

	// The same events again count once; people again set their values again.
	events := []byte("id,event,time\n1,Bought,2026-03-01\n1,Bought,2026-03-01\n")
	c.bringIn("kind=events&format=csv", events)
	if again := c.bringIn("kind=events&format=csv", events); again.get("repeated") != 2.0 || again.get("accepted") != 0.0 {
		t.Errorf("the same events again: %s", again.body)
	}
	if a := c.want(200, "GET /api/people/1/events", nil); len(a.get("events").([]any)) != 2 {
		t.Errorf("two rows alike are %s", a.body)
	}
	c.bringIn("kind=people&format=csv", []byte("id,plan\n1,team\n"))
	c.bringIn("kind=people&file=p.csv", people)
	if a := c.want(200, "GET /api/people/1", nil); a.get("attributes.plan.value") != "pro" {
		t.Errorf("the person is %s", a.body)
	}

	// Members by file.
	c.want(201, "POST /api/segments", map[string]any{"name": "VIP", "kind": "manual"})
	vip := c.want(200, "GET /api/segments/vip", nil).get("id")
	if a := c.bringIn("kind=members&format=ndjson&segment=vip", []byte(`{"id":"1"}`+"\n"+`{"id":"nobody"}`)); a.get("accepted") != 1.0 || a.get("rejected") != 1.0 || a.get("segment") != vip {
		t.Errorf("the members are %s", a.body)
	}
	c.want(409, "POST /api/imports?kind=members&format=csv&segment=power-users", []byte("id\n1\n"))

	// Ended is ended.
	c.want(409, "POST /api/imports/"+done.get("id").(string)+"/cancel", nil)
	if list := c.want(200, "GET /api/imports?limit=2", nil); len(list.get("imports").([]any)) != 2 {
		t.Errorf("the list is %s", list.body)
	}
}

// A row that is taken but for a part is counted apart, and listed with what was not taken of it.
func TestImportInPart(t *testing.T) {
	c := client{t, open(t, nil), adminKey}
	c.bringIn("kind=people&format=csv", []byte("id,email\n1,ann@example.com\n"))
	a := c.bringIn("kind=people&format=csv", []byte("id,email,plan\n2,bob@example.com,pro\n3,ann@example.com,pro\n,,pro\n"))
	if a.get("rows") != 3.0 || a.get("accepted") != 1.0 || a.get("partial") != 1.0 || a.get("rejected") != 1.0 {
		t.Errorf("the import is %s", a.body)
	}
	listed := c.want(200, "GET /api/imports/"+a.get("id").(string)+"/rejected", nil)
	if listed.get("rows.0.code") != carpel.CodeEmailTaken || listed.get("rows.0.row") != 2.0 || listed.get("rows.1.code") != carpel.CodeNoIdentity {
		t.Errorf("listed are %s", listed.body)
	}
	if p := c.want(200, "GET /api/people/3", nil); p.get("attributes.plan.value") != "pro" || p.get("email") != nil {
		t.Errorf("the person is %s", p.body)
	}
}

// A file in which no row could be taken is refused, and no import of it is left.
func TestImportOfNobody(t *testing.T) {
	c := client{t, open(t, nil), adminKey}
	a := c.want(400, "POST /api/imports?kind=people&format=csv&mapping="+url.QueryEscape(`{"columns":{"customer":"idd"}}`), []byte("customer,plan\n1,pro\n"))
	if a.get("pointer") != "/mapping/columns" || a.get("suggestion") != "id" || !strings.HasPrefix(a.get("detail").(string), `"idd" is no field`) {
		t.Errorf("refused with %s", a.body)
	}
	if list := c.want(200, "GET /api/imports", nil); len(list.get("imports").([]any)) != 0 {
		t.Errorf("the list is %s", list.body)
	}
}

// An import can be stopped; what was taken stays.
func TestCancelImport(t *testing.T) {
	c := client{t, open(t, nil), adminKey}
	var ids []string
	for range 3 { // they run one after the other: the last waits
		ids = append(ids, c.want(202, "POST /api/imports?kind=people&format=csv", manyPeople(4_000)).get("id").(string))
	}
	c.want(200, "POST /api/imports/"+ids[2]+"/cancel", nil)
	for n, want := range []string{"done", "done", "cancelled"} {
		a := c.until("GET /api/imports/"+ids[n], func(a answer) bool { return a.get("state") != "running" })
		if a.get("state") != want {
			t.Errorf("import %d is %s", n, a.body)
		}
	}
}

// Too little space on the disk: nothing is taken in, and reads go on.
// An import that is begun while a start looks for what to go on with is run once.
func TestImportOnce(t *testing.T) {
	s := open(t, nil)
	c := client{t, s, adminKey}
	first := c.want(202, "POST /api/imports?kind=people&format=csv", manyPeople(4_000)).get("id").(string)
	if err := s.ResumeImports(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := c.want(202, "POST /api/imports?kind=people&format=csv", manyPeople(1)).get("id").(string) // behind the first in the queue
	for _, id := range []string{first, second} {
		c.until("GET /api/imports/"+id, func(a answer) bool { return a.get("state") != "running" })
	}
	if a := c.want(200, "GET /api/imports/"+first, nil); a.get("state") != "done" || a.get("accepted") != 4_000.0 {
		t.Errorf("the import is %s", a.body)
	}
}

func TestImportWithoutSpace(t *testing.T) {
	c := client{t, open(t, func(c *server.Config) { c.MinFreeMB = 1 << 30 }), adminKey}
	a := c.want(507, "POST /api/imports?kind=people&format=csv", []byte("id\n1\n"))
	if a.get("code") != carpel.CodeDiskFull || a.header.Get("Retry-After") == "" {
		t.Errorf("refused with %s %v", a.body, a.header)
	}
	c.want(201, "POST /api/segments", map[string]any{"name": "VIP", "kind": "manual"})
	c.want(507, "POST /api/segments/vip/members", map[string]any{"add": []string{"1"}})
	c.want(200, "GET /api/segments", nil)
}

// A segment whose first build was stopped was never built: it is failed, cannot be referred to, and can be edited.
func TestCancelledBuild(t *testing.T) {
	c := client{t, open(t, nil), adminKey}
	const people = 6_000
	file := []byte("id,plan,note\n")
	for i := range people { // no two alike: a pattern runs once for every different text
		file = fmt.Appendf(file, "u%d,pro,%d %x\n", i, i, sha256.Sum256([]byte{byte(i), byte(i >> 8)}))
	}
	c.bringIn("kind=people&format=csv", file)
	var slow []any // about a second of work, so that the build is under way when it is cancelled
	for i := range 100 {
		slow = append(slow, map[string]any{"attribute": "note", "op": "matches", "value": fmt.Sprintf("[0-9a-f]+(1|2|3|)[0-9]*.%d|[0-9a-f ]+", i)})
	}
	for try := range 10 {
		a := c.want(201, "POST /api/segments", map[string]any{"name": fmt.Sprint("never ", try), "definition": map[string]any{"all": append(slow, map[string]any{
			"sample": map[string]any{"percent": 50, "seed": fmt.Sprint(try)}})}})
		id := a.get("id").(string)
		c.do("POST /api/segments/"+id+"/cancel", nil)
		a = c.built(id)
		if a.get("serving") == 0.0 {
			if a.get("state") != "failed" || a.get("reason") == nil {
				t.Errorf("a cancelled first build is %s", a.body)
			}
			refused := c.want(409, "POST /api/segments", `{"name":"x","definition":{"segment":"`+id+`"}}`)
			if refused.get("code") != carpel.CodeNotBuilt {
				t.Errorf("a reference to it is refused with %s", refused.body)
			}
			c.want(200, "PUT /api/segments/"+id, map[string]any{"definition": c.text("plan is pro")})
			if a := c.built(id); a.get("count") != float64(people) || a.get("state") != "live" {
				t.Errorf("edited it is %s", a.body)
			}
			return
		}
	}
	t.Error("every build ended before it could be cancelled")
}

// After a restore an import under way has no file: it ends and says what to do. A file without an import is removed.
func TestImportWithoutFile(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	first, err := server.Open(t.Context(), server.Config{Data: data, APIKey: adminKey, MinFreeMB: 1, MemoryMB: 64})
	if err != nil {
		t.Fatal(err)
	}
	workspace := first.Local().Workspace
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	db, err := records.Open(t.Context(), filepath.Join(data, "records.db"), records.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := db.CreateImport(t.Context(), workspace, records.Import{Kind: "people", Format: "csv", Mapping: json.RawMessage(`{"path":"import-gone"}`)})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	orphan := filepath.Join(data, "imports", workspace, "import-orphan")
	if err := errors.Join(os.MkdirAll(filepath.Dir(orphan), 0o700), os.WriteFile(orphan, []byte("id\n1\n"), 0o600)); err != nil {
		t.Fatal(err)
	}

	s := open(t, func(c *server.Config) { c.Data = data })
	if _, err := os.Stat(orphan); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file without an import stays: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx, nil) }()
	a := client{t, s, adminKey}.until("GET /api/imports/"+m.ID, func(a answer) bool { return a.get("state") != "running" })
	if reason, _ := a.get("reason").(string); a.get("state") != "failed" || !strings.Contains(reason, "send it again") {
		t.Errorf("the import ended as %s", a.body)
	}
	stop()
	if err := <-ran; err != nil {
		t.Error(err)
	}
}

// A look says what the columns of a file are taken for, also of a head cut short, and keeps nothing.
func TestLookAtFile(t *testing.T) {
	s := open(t, nil)
	c := client{t, s, adminKey}
	for _, f := range []struct{ name, file string }{{"p.csv", "Customer ID,plan,note\n1,pro,a\n2,pro,\n3,free,\"cut sho"}, {"p.ndjson", `{"Customer ID":1,"plan":"pro","note":"a"}` + "\n" + `{"Customer ID":2,"plan":"pro"}` + "\n" + `{"Cust`}} {
		a := c.want(200, "POST /api/imports/look?kind=people&file="+f.name, []byte(f.file))
		columns := map[any]any{}
		for i := range 3 {
			columns[a.get(fmt.Sprintf("columns.%d.name", i))] = a.get(fmt.Sprintf("columns.%d.field", i))
		}
		if columns["Customer ID"] != "id" || columns["plan"] != "plan" || columns["note"] != "note" || a.get("fault") != nil {
			t.Errorf("%s: %s", f.name, a.body)
		}
	}
	if a := c.want(200, "POST /api/imports/look?kind=events&file=p.csv", []byte("who,what\n1,x\n")); !strings.Contains(a.get("fault").(string), "no column is the time") {
		t.Errorf("the fault is %s", a.body)
	}
	c.want(400, "POST /api/imports/look?kind=people&file=p.txt", []byte("a,b\n"))
	c.want(400, "POST /api/imports/look?kind=people&file=p.csv", nil)
	left, err := filepath.Glob(filepath.Join(s.Data(), "imports", "*", "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left are %v, %v", left, err)
	}
	if a := c.want(200, "GET /api/imports", nil); a.get("imports.0") != nil {
		t.Errorf("the imports are %s", a.body)
	}
}

// An import takes its place among the requests of ingestion: while those have all of them it waits, and it goes on by itself.
func TestImportWaitsForItsPlace(t *testing.T) {
	s := open(t, func(c *server.Config) { c.MaxPending = 1 })
	c := client{t, s, adminKey}
	cut, slow := make(chan struct{}), make(chan struct{})
	reading := make(chan struct{})
	go func() {
		defer close(slow)
		r := httptest.NewRequest("POST", "/v1/track", io.MultiReader(&told{reading}, &endless{cut}))
		r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(writeKey+":")))
		s.ServeHTTP(httptest.NewRecorder(), r)
	}()
	<-reading
	id := c.want(202, "POST /api/imports?kind=people&format=csv", manyPeople(1200)).get("id").(string)
	if a := c.want(200, "GET /api/imports/"+id, nil); a.get("rows") != 0.0 || a.get("state") != "running" {
		t.Errorf("beside a request that has the only place it is %s", a.body)
	}
	close(cut)
	<-slow
	done := c.until("GET /api/imports/"+id, func(a answer) bool { return a.get("state") != "running" })
	if done.get("accepted") != 1200.0 {
		t.Errorf("it ended as %s", done.body)
	}
}

// told is a body that is empty, and tells when it is read.
type told struct{ reading chan struct{} }

func (r *told) Read([]byte) (int, error) {
	close(r.reading)
	return 0, io.EOF
}
