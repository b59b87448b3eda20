package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/api"
	"github.com/carpel/carpel/internal/campaign"
	"github.com/carpel/carpel/internal/compat"
	"github.com/carpel/carpel/internal/compat/customerio"
	"github.com/carpel/carpel/internal/compat/segment"
	"github.com/carpel/carpel/internal/delivery"
	"github.com/carpel/carpel/internal/delivery/provider"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes"
	"github.com/carpel/carpel/internal/hooks"
	"github.com/carpel/carpel/internal/imports"
	"github.com/carpel/carpel/internal/openid"
	"github.com/carpel/carpel/internal/outbound"
	"github.com/carpel/carpel/internal/records"
	"github.com/carpel/carpel/internal/secret"
	"github.com/carpel/carpel/internal/tracking"
	"github.com/carpel/carpel/web"
)

const (
	recordsFile = "records.db"
	lockFile    = "LOCK"
	ringFile    = "secrets.json" // the key ring: see internal/secret

	workspacesDirectory = "workspaces"
	importsDirectory    = "imports"
)

// Server is a data directory, opened: with [Server.Run] it listens; without, [Server.ServeHTTP] answers requests of
// this process alone, which is how the command line works on a directory that nobody serves.
type Server struct {
	config     Config
	lock       *os.File
	memory     memory
	records    *records.DB
	ring       *secret.Ring
	outbound   *outbound.Outbound
	providers  *provider.Set
	workspaces *Workspaces
	door       *compat.Door
	imports    *imports.Runner
	metrics    *metrics
	measuredAt atomic.Pointer[string] // address of the metrics' listener, once it listens
	disk       *disk
	openID     *openid.Provider
	tracking   *tracking.Tracker
	hooks      *hooks.Runner
	sender     *delivery.Sender
	journeys   *campaign.Journeys
	broadcasts *campaign.Broadcasts
	listensAt  atomic.Pointer[string]       // address of the main listener, once it listens
	reports    atomic.Pointer[net.Listener] // of bounces and complaints, once it listens
	handler    http.Handler
	demos      demos
	guest      string // user id of the guest; "" for none
	local      Local
	backingUp  sync.Mutex                                       // held while a backup is made
	move       func(ctx context.Context, from, to string) error // of a checkpoint to its backup; see [move]
	fatal      chan error                                       // holds the first error that an engine cannot go on from
	stopping   context.Context
	stop       context.CancelCauseFunc // ends stopping: streams end, nothing new is ready
}

// Open opens the data directory, making it if there is none. One process at a time has it open.
func Open(ctx context.Context, config Config) (s *Server, err error) {
	config.EnsureDefaults()
	if err := config.checkPublicURL(); err != nil {
		return nil, err
	}
	if IsBackup(config.Data) {
		return nil, carpel.Errorf(carpel.CodeConflict, "%s is a backup, and stays as it is: make a data directory of it with carpel restore", config.Data)
	}
	for _, dir := range []string{config.Data, filepath.Join(config.Data, workspacesDirectory), filepath.Join(config.Data, importsDirectory)} {
		if err := makeDirectory(dir); err != nil {
			return nil, fmt.Errorf("open data directory: %w", err)
		}
	}
	s = &Server{config: config, fatal: make(chan error, 1), move: move}
	s.stopping, s.stop = context.WithCancelCause(context.WithoutCancel(ctx))
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close(context.WithoutCancel(ctx)))
			s = nil
		}
	}()
	if s.lock, err = lockDirectory(config.Data); err != nil {
		return s, err
	}
	if s.disk, err = newDisk(config.Data, config.MinFreeMB<<20, config.Now); err != nil { // first: a start on a full disk needs the ballast
		return s, err
	}
	if err := sweepCheckpoints(config.Data); err != nil {
		return s, err
	}
	if err := checkRecords(config.Data); err != nil {
		return s, err
	}
	if s.records, err = records.Open(ctx, filepath.Join(config.Data, recordsFile), records.Options{Now: config.Now, Files: config.Files,
		Hash: func(parts ...string) string { return s.ring.Hash(parts...) }}); err != nil {
		return s, err
	}
	if s.ring, err = s.openRing(ctx); err != nil {
		return s, err
	}
	if err := s.records.DropUnended(ctx); err != nil {
		return s, err
	}
	s.outbound = outbound.New(outbound.Options{Allow: config.OutboundAllow, Roots: config.OutboundRoots, Resolver: config.Resolver})
	s.providers = s.newProviders()
	s.memory = newMemory(config.MemoryMB)
	s.workspaces = &Workspaces{
		dir: filepath.Join(config.Data, workspacesDirectory), records: s.records, maxOpen: config.MaxOpen, log: config.Log,
		options: stripes.Options{FS: vfs.OnDiskFull(config.FS, s.disk.full), Cache: s.memory.cache, Budget: s.memory.budget, MemTableBytes: s.memory.tableBytes(), Now: config.Now, Log: config.Log, Fatal: s.fail, Manual: config.Still},
		open:    map[string]*openEngine{}, failed: map[string]bool{}, unswept: map[string]time.Time{},
	}
	s.metrics = newMetrics(s.workspaces, s.disk)
	s.tracking = s.newTracker()
	s.hooks = hooks.New(hooks.Options{Records: s.records, Ring: s.ring, Engine: s.Engine, Outbound: s.outbound, Now: s.config.Now, Log: s.config.Log})
	s.sender = s.newSender()
	s.broadcasts = s.newBroadcasts()
	s.door = s.newDoor()
	s.imports = imports.New(imports.Options{Dir: filepath.Join(config.Data, importsDirectory), Records: s.records, Engine: s.Engine, Room: s.disk.room, Admit: s.door.Admit, Now: config.Now, Log: config.Log})
	if err := s.imports.Sweep(ctx); err != nil {
		return s, err
	}
	if err := s.firstStart(ctx); err != nil {
		return s, err
	}
	if config.OpenID != (openid.Config{}) {
		if s.openID, err = openid.New(config.OpenID, s.outbound.HTTP()); err != nil {
			return s, err
		}
	}
	s.journeys = campaign.NewJourneys(campaign.JourneysOptions{Records: s.records, Engine: s.Engine, Now: config.Now, Log: config.Log})
	s.handler = s.routes()
	return s, nil
}

// fail keeps the first error that an engine cannot go on from; Run ends with it.
func (s *Server) fail(err error) {
	select {
	case s.fatal <- err:
	default:
	}
}

// lockDirectory takes the directory for this process. CodeConflict when another has it.
func lockDirectory(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock data directory: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(carpel.Errorf(carpel.CodeConflict, "another carpel has %s open", dir), f.Close())
	}
	return f, nil
}

// checkRecords refuses a directory with workspaces of which the records are gone: taken for a new one, it would leave them
// behind for ever.
func checkRecords(data string) error {
	if hasRecords(data) {
		return nil
	}
	all, err := os.ReadDir(filepath.Join(data, workspacesDirectory))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(all) > 0 {
		return carpel.Errorf(carpel.CodeConflict, "%s is missing, but %d workspaces are here: restore records and engines together", filepath.Join(data, recordsFile), len(all))
	}
	return nil
}

// firstStart makes the default workspace and the preset keys, if they are not there.
func (s *Server) firstStart(ctx context.Context) error {
	all, err := s.records.Workspaces(ctx)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		w, err := s.workspaces.Create(ctx, carpel.Workspace{Name: firstName(s.config.Demo), Zone: "UTC", Demo: s.config.Demo})
		if err != nil {
			return err
		}
		all = append(all, w)
	}
	if s.config.Demo != (carpel.Demo{}) && all[0].Demo == (carpel.Demo{}) {
		return carpel.Errorf(carpel.CodeConflict, "%s holds no made-up company: give another directory", s.config.Data)
	}
	presets := []records.KeySpec{
		{Kind: records.APIKey, Name: presetAPIKey, Scopes: []string{records.ScopeAdmin}, Secret: s.config.APIKey},
		{Kind: records.ServerKey, Name: presetWriteKey, Secret: s.config.Write},
	}
	for _, k := range presets {
		if k.Secret == "" {
			continue
		}
		if _, _, err := s.records.CreateKey(ctx, all[0].ID, k); err != nil && carpel.ErrorCode(err) != carpel.CodeConflict {
			return fmt.Errorf("preset %s: %w", k.Name, err)
		}
	}
	if s.config.Guest {
		if s.guest, err = s.records.EnsureGuest(ctx, all[0].ID, guestEmail, "Guest"); err != nil {
			return err
		}
	}
	return s.openLocal(ctx, all[0].ID)
}

// firstName is what the first workspace is called.
func firstName(d carpel.Demo) string {
	if d != (carpel.Demo{}) {
		return "demo"
	}
	return "default"
}

// guestEmail is the guest's: an address that nobody can have.
const guestEmail = "guest@carpel.invalid"

// routes is everything that is served on the main listener.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	s.registerOperations(mux)
	ingestion := &ingestion{segment: segment.New(s.door), customerio: customerio.New(s.door)}
	mux.Handle("/api/", api.New(api.Options{
		Records: s.records, Engine: s.Engine, CreateWorkspace: s.createWorkspace, RemoveWorkspace: s.removeWorkspace, Imports: s.imports, Sender: s.sender, Campaigns: s.journeys, Providers: s.providers, Room: s.disk.room, Backup: s.Backup,
		CloseIdle: s.workspaces.closeIdle, Replay: ingestion.replay, TakeReport: s.tracking.Take, BroadcastMoved: s.broadcasts.Wake, Ring: s.ring,
		OpenID: s.openID, Guest: s.guest, Version: s.config.Version, Refused: s.metrics.refusedBy("native"), Stopping: s.stopping.Done(), Now: s.config.Now, Log: s.config.Log,
	}))
	for _, path := range tracking.Paths() {
		mux.Handle(path, s.tracking)
	}
	for _, path := range web.Paths() {
		mux.Handle("GET "+path, web.Handler())
	}
	return behind(s.config.TrustedProxies, s.config.Log, s.observe(ingestion.over(mux)))
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// ResumeImports goes on with every import that a stopped process left running. Serve does it by itself; a server that
// is only opened does it when it is asked to, once.
func (s *Server) ResumeImports(ctx context.Context) error { return s.imports.Resume(ctx) }

// MetricsAddress is where metrics are served; empty when they are not, or not yet.
func (s *Server) MetricsAddress() string {
	if at := s.measuredAt.Load(); at != nil {
		return *at
	}
	return ""
}

// Local says how this machine's command line reaches the server.
func (s *Server) Local() Local { return s.local }

// errStopping is why nothing is ready any more.
var errStopping = errors.New("the server is stopping")

// shutdownTime is how long requests at work may take to end when the server stops.
const shutdownTime = 15 * time.Second

// Run listens and serves until ctx ends or something fails that cannot be gone on from; then it lets requests at work
// end. It does not close the server. started, if not nil, is called with the address for this machine once it listens,
// before the first answer; it must not wait for one.
func (s *Server) Run(ctx context.Context, started func(address string)) error {
	defer s.memory.hold()()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	main, err := net.Listen("tcp", s.config.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	work, endWork := context.WithCancel(context.WithoutCancel(ctx)) // requests at work outlive ctx by shutdownTime
	defer endWork()
	servers := []*http.Server{newHTTPServer(work, s, s.config.Log)}
	listeners := []net.Listener{main}
	if s.config.Metrics != "" {
		l, err := net.Listen("tcp", s.config.Metrics)
		if err != nil {
			return errors.Join(fmt.Errorf("listen for metrics: %w", err), main.Close())
		}
		at := l.Addr().String()
		s.measuredAt.Store(&at)
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", s.metrics.handler())
		servers, listeners = append(servers, newHTTPServer(work, mux, s.config.Log)), append(listeners, l)
	}
	if err := s.listenForReports(); err != nil {
		return errors.Join(err, main.Close())
	}
	address := addressHere(main.Addr())
	s.listensAt.Store(&address)
	if err := s.announce(address); err != nil {
		return errors.Join(err, main.Close())
	}
	if started != nil { // before anything is answered: whoever is told that the server is ready may also stop it
		started(address)
	}
	for i, hs := range servers {
		go func() {
			if err := hs.Serve(listeners[i]); !errors.Is(err, http.ErrServerClosed) {
				cancel(fmt.Errorf("serve: %w", err))
			}
		}()
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.ResumeImports(ctx); err != nil && ctx.Err() == nil {
			cancel(err)
		}
		if err := s.workspaces.Run(ctx); err != nil {
			cancel(err)
		}
	}()
	var beside sync.WaitGroup
	for _, run := range []func(context.Context) error{s.tracking.Run, s.receiveReports, s.hooks.Run, s.runSender, s.runBroadcasts, s.journeys.Run} {
		if s.config.Still {
			break
		}
		beside.Go(func() {
			if err := run(ctx); err != nil {
				cancel(err)
			}
		})
	}
	if err := s.runDemos(ctx); err != nil {
		cancel(err)
	}
	go s.disk.watch(ctx)
	select {
	case <-ctx.Done():
	case err := <-s.fatal:
		cancel(err)
	}
	s.stop(errStopping) // streams end, others may go on for a while
	stop, end := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer end()
	var errs []error
	for _, hs := range servers {
		if err := hs.Shutdown(stop); err != nil {
			endWork()
			errs = append(errs, hs.Close())
		}
	}
	<-done
	beside.Wait()
	s.demos.work.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Close closes everything that is open. What was acknowledged is on the disk already.
func (s *Server) Close(ctx context.Context) error {
	s.stop(errStopping)
	var errs []error
	if s.imports != nil {
		s.imports.Close()
	}
	if s.workspaces != nil {
		errs = append(errs, s.workspaces.Close(ctx))
	}
	if s.outbound != nil {
		s.outbound.CloseIdle()
	}
	if s.memory.cache != nil {
		s.memory.cache.Unref()
	}
	if s.records != nil {
		errs = append(errs, s.records.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}

// Engine opens a workspace's engine, measured, and returns a function to call when done with it; see
// [Workspaces.Engine].
func (s *Server) Engine(ctx context.Context, workspace string) (engine.Engine, func(), error) {
	db, release, err := s.workspaces.Engine(ctx, workspace)
	if err != nil {
		return nil, nil, err
	}
	return measured{db, s.metrics, workspace}, release, nil
}
