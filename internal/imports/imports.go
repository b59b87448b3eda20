// Package imports brings files of people, events and members into a workspace: CSV, NDJSON and Parquet.
//
// A file is first kept whole on our disk, then read row by row; each batch of rows is committed to the engine, and
// only then does the record of the import move on. A stop in between, of the process or of the machine, repeats at
// most one batch, and repeats count once: a row's message id is made from the file's content, the mapping and the
// row's number. For the same reason the same file sent twice with the same mapping counts no row twice.
package imports

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/records"
)

// Options is what imports work on.
type Options struct {
	Dir     string // files are kept here while their import runs
	Records *records.DB
	Engine  func(ctx context.Context, workspace string) (engine.Engine, func(), error)
	Room    func() error // an error when there is too little disk to take anything in; nil for always room
	// Admit waits until a batch of so many bytes may be committed beside what else comes in, and returns what to call when it
	// has been; nil for at once.
	Admit func(ctx context.Context, workspace string, bytes int) (leave func(), err error)
	Now   func() time.Time
	Log   *slog.Logger
}

// Spec asks for an import.
type Spec struct {
	Workspace string
	Who       string // a key's id
	Kind      string // people, events, members
	Format    string // csv, ndjson, parquet; "" goes by the file's name
	File      string // the file's name
	Segment   string // members: id or key of the manual segment
	Mapping   json.RawMessage
	DryRun    bool
}

// Runner runs imports, one at a time for each workspace. Safe for concurrent use.
type Runner struct {
	Options
	ctx  context.Context // ends with Close
	stop context.CancelFunc
	work sync.WaitGroup

	mu      sync.Mutex
	cancels map[string]context.CancelFunc // guarded by mu; by import id
	queues  map[string]*sync.Mutex        // guarded by mu; by workspace
}

// New returns a runner that has not looked for unfinished imports yet; see [Runner.Resume].
func New(o Options) *Runner {
	ctx, stop := context.WithCancel(context.Background())
	return &Runner{Options: o, ctx: ctx, stop: stop, cancels: map[string]context.CancelFunc{}, queues: map[string]*sync.Mutex{}}
}

// errCancelled ends an import that somebody stopped.
var errCancelled = errors.New("cancelled")

// Start keeps the file and begins the import, which goes on after Start returns. A *[carpel.Error] says what is
// wrong with the request or with the file's head.
func (r *Runner) Start(ctx context.Context, s Spec, file io.Reader) (records.Import, error) {
	job, err := r.check(ctx, &s)
	if err != nil {
		return records.Import{}, err
	}
	path, size, sum, err := r.keep(s.Workspace, file)
	if err != nil {
		return records.Import{}, err
	}
	if job.mapping, err = completeMapping(path, s, job.mapping); err != nil {
		return records.Import{}, errors.Join(err, os.Remove(path))
	}
	stored, err := json.Marshal(storedSpec{Mapping: job.mapping, Segment: job.segment, Path: filepath.Base(path), Sum: sum})
	if err != nil {
		return records.Import{}, err
	}
	m, err := r.Records.CreateImport(ctx, s.Workspace, records.Import{Kind: s.Kind, Format: s.Format, File: s.File, Mapping: stored, DryRun: s.DryRun, Bytes: size, CreatedBy: s.Who})
	if err != nil {
		return m, errors.Join(err, os.Remove(path))
	}
	r.launch(s.Workspace, m)
	return m, nil
}

// CheckFile looks at a file that lies at path before it is sent: a *[carpel.Error] tells what is wrong with the
// request, or with the file's head, as far as that can be known without the workspace. No row is checked.
func CheckFile(path string, s Spec) error {
	m, err := s.readMapping()
	if err != nil {
		return err
	}
	_, err = completeMapping(path, s, m)
	return err
}

// completeMapping completes a mapping by the columns of a file, and refuses a file in which no row could be taken.
func completeMapping(path string, s Spec, m Mapping) (Mapping, error) {
	rs, err := openRows(path, s.Format)
	if err != nil {
		return m, err
	}
	if columns := rs.Columns(); columns != nil {
		if m, err = m.guess(s.Kind, columns); err == nil {
			err = m.suffices(s.Kind, columns)
		}
	} else {
		m, err = m.guessFromRows(s.Kind, rs)
	}
	return m, errors.Join(err, rs.Close())
}

// guessRows is how many rows are looked at for the names of columns.
const guessRows = 1000

// guessFromRows completes a mapping by the first rows of a file whose rows name their columns themselves. Bad rows are
// rejected in their turn.
func (m Mapping) guessFromRows(kind string, rs rows) (Mapping, error) {
	seen := map[string]bool{}
	for range guessRows {
		row, _, err := rs.Next()
		if isRowError(err) {
			continue
		}
		if err != nil { // the end, or a fault that the import meets again
			break
		}
		if len(seen) == 0 {
			named := slices.Concat(slices.Sorted(maps.Keys(row)), slices.Sorted(maps.Keys(m.Columns)))
			if m, err = m.guess(kind, named); err != nil {
				return m, err
			}
		}
		for name := range row {
			seen[name] = true
		}
	}
	if len(seen) == 0 {
		return m, nil
	}
	return m, m.suffices(kind, slices.Sorted(maps.Keys(seen)))
}

// storedSpec is what the record of an import keeps of its request.
type storedSpec struct {
	Mapping Mapping `json:"mapping"`
	Segment string  `json:"segment,omitempty"`
	Path    string  `json:"path"`
	Sum     string  `json:"sha256"`
}

// Asked returns what an import was asked to do, with the mapping as it was completed: it can be sent again. segment is
// the id of the segment that members go into, else empty.
func Asked(m records.Import) (mapping Mapping, segment string, err error) {
	var s storedSpec
	if err := json.Unmarshal(m.Mapping, &s); err != nil {
		return Mapping{}, "", fmt.Errorf("read import %s: %w", m.ID, err)
	}
	return s.Mapping, s.Segment, nil
}

// check refuses a request that cannot work, and fills in what was left out.
func (r *Runner) check(ctx context.Context, s *Spec) (*job, error) {
	mapping, err := s.readMapping()
	if err != nil {
		return nil, err
	}
	j := &job{mapping: mapping}
	if s.Kind == "members" {
		segment, err := r.Records.Segment(ctx, s.Workspace, s.Segment)
		if err != nil {
			return nil, err
		}
		if segment.Kind != carpel.Manual {
			return nil, carpel.Errorf(carpel.CodeConflict, "people get into a dynamic segment by its definition; only a manual one takes members")
		}
		if segment.State == carpel.StateArchived {
			return nil, carpel.Errorf(carpel.CodeConflict, "the segment %s is archived: restore it to put people into it", segment.Key)
		}
		j.segment = segment.ID
	}
	return j, nil
}

// readMapping refuses a request that cannot work, fills in its format, and returns its mapping.
func (s *Spec) readMapping() (m Mapping, err error) {
	if s.Format == "" {
		s.Format = formatOf(s.File)
	}
	if s.Format == "" {
		return m, &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/format", Message: "say what the file is: csv, ndjson or parquet"}
	}
	if len(s.Mapping) > 0 {
		dec := json.NewDecoder(bytes.NewReader(s.Mapping))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&m); err != nil {
			return m, &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/mapping", Message: fmt.Sprintf("the mapping cannot be read: %v", err)}
		}
	}
	return m, m.check(s.Kind)
}

func formatOf(file string) string {
	switch strings.ToLower(filepath.Ext(file)) {
	case ".csv":
		return "csv"
	case ".ndjson", ".jsonl":
		return "ndjson"
	case ".parquet":
		return "parquet"
	}
	return ""
}

// keep writes the file to our disk and syncs it. It returns its path, its size and its SHA-256.
func (r *Runner) keep(workspace string, file io.Reader) (path string, size int64, sum string, err error) {
	dir := filepath.Join(r.Dir, workspace)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", 0, "", err
	}
	f, err := os.CreateTemp(dir, "import-*")
	if err != nil {
		return "", 0, "", err
	}
	h := sha256.New()
	size, err = io.Copy(io.MultiWriter(f, h), roomReader{file, r.room})
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = errors.Join(syncDirectory(dir), syncDirectory(r.Dir)) // the name of the file, and that of its directory
	}
	if err != nil {
		return "", 0, "", errors.Join(fmt.Errorf("keep the file: %w", err), os.Remove(f.Name()))
	}
	if size == 0 {
		return "", 0, "", errors.Join(carpel.Errorf(carpel.CodeInvalid, "the file is empty"), os.Remove(f.Name()))
	}
	return f.Name(), size, hex.EncodeToString(h.Sum(nil)), nil
}

// syncDirectory makes the names in a directory durable.
func syncDirectory(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// room returns an error when there is too little disk to take anything in.
func (r *Runner) room() error {
	if r.Room == nil {
		return nil
	}
	return r.Room()
}

// admit waits until a batch may be committed.
func (r *Runner) admit(ctx context.Context, workspace string, bytes int) (leave func(), err error) {
	if r.Admit == nil {
		return func() {}, nil
	}
	return r.Admit(ctx, workspace, bytes)
}

// roomReader stops reading when the disk that it is copied to is nearly full.
type roomReader struct {
	io.Reader
	room func() error
}

// Read implements io.Reader.
func (r roomReader) Read(p []byte) (int, error) {
	if err := r.room(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// waitRoom waits until there is room on the disk again.
func (r *Runner) waitRoom(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for r.room() != nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// Resume goes on with every import that a stopped process left running.
func (r *Runner) Resume(ctx context.Context) error {
	all, err := r.Records.RunningImports(ctx)
	if err != nil {
		return err
	}
	for _, one := range all {
		r.launch(one.Workspace, one.Import)
	}
	return nil
}

// Sweep removes files that no unfinished import needs: those of a process that ended between keeping a file and
// recording its import, or behind an import's end. Call it before the first Start.
func (r *Runner) Sweep(ctx context.Context) error {
	running, err := r.Records.RunningImports(ctx)
	if err != nil {
		return err
	}
	needed := map[string]bool{}
	for _, one := range running {
		var s storedSpec
		if err := json.Unmarshal(one.Import.Mapping, &s); err != nil {
			return fmt.Errorf("read import %s: %w", one.Import.ID, err)
		}
		needed[filepath.Join(r.Dir, one.Workspace, filepath.Base(s.Path))] = true
	}
	files, err := filepath.Glob(filepath.Join(r.Dir, "*", "import-*"))
	if err != nil {
		return err
	}
	for _, path := range files {
		if needed[path] {
			continue
		}
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("sweep imports: %w", err)
		}
	}
	return nil
}

// Cancel stops an import; what was taken stays. CodeConflict when it has ended.
func (r *Runner) Cancel(ctx context.Context, workspace, id string) error {
	m, err := r.Records.Import(ctx, workspace, id)
	if err != nil {
		return err
	}
	r.mu.Lock()
	cancel := r.cancels[id]
	r.mu.Unlock()
	if m.State != records.ImportRunning || cancel == nil {
		return carpel.Errorf(carpel.CodeConflict, "the import has ended")
	}
	cancel()
	return nil
}

// Close stops at the next batch; unfinished imports go on at the next start.
func (r *Runner) Close() {
	r.stop()
	r.work.Wait()
}

// launch runs an import in the background, behind the workspace's others.
func (r *Runner) launch(workspace string, m records.Import) {
	ctx, cancel := context.WithCancelCause(r.ctx)
	r.mu.Lock()
	r.cancels[m.ID] = func() { cancel(errCancelled) }
	queue := r.queues[workspace]
	if queue == nil {
		queue = &sync.Mutex{}
		r.queues[workspace] = queue
	}
	r.mu.Unlock()
	r.work.Go(func() {
		queue.Lock()
		defer queue.Unlock()
		r.persist(ctx, workspace, m)
		r.mu.Lock()
		delete(r.cancels, m.ID)
		r.mu.Unlock()
		cancel(nil)
	})
}

const (
	tries    = 10 // of an import that gets no further, before it fails
	tryAfter = 5 * time.Second
)

// persist runs an import to its end. An error that is not the file's, of the engine or of the records, is no end: what
// was acknowledged with the file is still to be done. It is tried again from where the records say that it is, here, or
// after the next start when the process ends meanwhile.
func (r *Runner) persist(ctx context.Context, workspace string, m records.Import) {
	at := m.Rows
	for try := 1; ; try++ {
		if known, err := r.Records.Import(r.ctx, workspace, m.ID); err == nil {
			if known.State != records.ImportRunning {
				return // it was begun while Resume looked for what to go on with, and is in the queue twice
			}
			m = known
		}
		if m.Rows > at {
			at, try = m.Rows, 1
		}
		err := r.run(ctx, workspace, &m)
		if isEnd(err) || ctx.Err() != nil || try == tries {
			if err = r.finish(ctx, workspace, m, err); err == nil {
				return
			}
		}
		r.Log.Error("import is tried again", "import", m.ID, "error", err)
		select {
		case <-r.ctx.Done():
			return
		case <-time.After(tryAfter):
		}
	}
}

// isEnd reports whether an import has come to its end with err: all is read, or what is wrong is the file or the request.
func isEnd(err error) bool {
	var e *carpel.Error
	var file *fileError
	return err == nil || errors.As(err, &file) || errors.As(err, &e) && e.Code != carpel.CodeOverloaded && e.Code != carpel.CodeDiskFull && e.Code != carpel.CodeInternal
}

// fileError is one of reading the file.
type fileError struct{ error }

func (e *fileError) Unwrap() error { return e.error }

// finish records how an import ended. One that ended with the process stays running, to be resumed. The error is of the
// records: the import has not ended.
func (r *Runner) finish(ctx context.Context, workspace string, m records.Import, err error) error {
	if r.ctx.Err() != nil {
		return nil
	}
	var e *carpel.Error
	switch {
	case err == nil:
		m.State = records.ImportDone
	case context.Cause(ctx) == errCancelled:
		m.State = records.ImportCancelled
	case errors.As(err, &e):
		m.State, m.Reason = records.ImportFailed, e.Error()
	default:
		m.State, m.Reason = records.ImportFailed, "internal error; the server's log says more"
		r.Log.Error("import failed", "import", m.ID, "error", err)
	}
	if err := r.Records.AdvanceImport(context.WithoutCancel(ctx), workspace, m, nil); err != nil {
		return err
	}
	var s storedSpec
	if json.Unmarshal(m.Mapping, &s) == nil {
		if err := os.Remove(filepath.Join(r.Dir, workspace, filepath.Base(s.Path))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			r.Log.Error("imported file stays", "import", m.ID, "error", err)
		}
	}
	return nil
}
