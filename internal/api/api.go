// Package api is the native HTTP API: everything that the console shows and the command line does, as calls with an
// OpenAPI document made from this code. One file per resource. It turns HTTP into calls of records and engine and
// back, and holds no rules of its own beyond that.
package api

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"runtime"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/campaign"
	"github.com/carpel/carpel/internal/delivery"
	"github.com/carpel/carpel/internal/delivery/provider"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/imports"
	"github.com/carpel/carpel/internal/openid"
	"github.com/carpel/carpel/internal/places"
	"github.com/carpel/carpel/internal/records"
	"github.com/carpel/carpel/internal/secret"
	"github.com/carpel/carpel/internal/tracking"
)

// Options is what the API works on.
type Options struct {
	Records *records.DB
	// Engine opens a workspace's engine; the function returned is called when the request is done with it.
	Engine func(ctx context.Context, workspace string) (engine.Engine, func(), error)
	// CreateWorkspace makes a workspace with its default segments, and begins to make up its company if it has a demo.
	CreateWorkspace func(ctx context.Context, w carpel.Workspace) (carpel.Workspace, error)
	// RemoveWorkspace takes a workspace of made-up data away.
	RemoveWorkspace func(ctx context.Context, id, by string) error
	Imports         *imports.Runner
	// Providers opens channels.
	Providers *provider.Set
	Campaigns *campaign.Journeys
	// Sender sends what is planned.
	Sender *delivery.Sender
	// Room returns an error when the disk is too full to take anything in.
	Room func() error
	// Backup copies everything into a new directory of the server's machine.
	Backup func(ctx context.Context, dir string) error
	// CloseIdle closes the engines beyond those that may be open at once: for who went through all workspaces.
	CloseIdle func(ctx context.Context) error
	// Replay ingests a rejected item again, as its family would.
	Replay func(ctx context.Context, workspace string, r records.Rejection) error
	// Ring seals what is secret.
	Ring *secret.Ring
	// TakeReport keeps what a bounce or a complaint, as it came by mail, says about deliveries.
	TakeReport func(ctx context.Context, workspace string, raw []byte) ([]tracking.Taken, error)
	// BroadcastMoved tells who runs broadcasts that something was asked of one.
	BroadcastMoved func()
	// OpenID is the provider that users may log in with; nil for none.
	OpenID *openid.Provider
	// Guest is the user that any browser of the server's own machine may be; "" for none.
	Guest   string
	Version string
	// Refused is told why a request was refused, for metrics: a code of an error, or a bound.
	Refused func(reason string)
	// Stopping is closed when the server stops: streams end then. nil for never.
	Stopping <-chan struct{}
	Now      func() time.Time
	Log      *slog.Logger
}

// API serves /api/. Safe for concurrent use.
type API struct {
	Options
	huma    huma.API
	handler http.Handler
	edits   edits
	places  *places.Places
	// calls and streams bound what is at work for those who have a credential, by workspace.
	calls, streams *places.Places
	// strangers bounds the calls without a credential that are at work, by the address that they come from.
	strangers *places.Places

	openCalls map[string]bool // method and path of the calls that take no credential
	attempts  attempts
}

// New builds the API with all its routes.
func New(o Options) *API {
	a := &API{Options: o, edits: edits{locks: map[string]*sync.Mutex{}}, openCalls: map[string]bool{},
		places: places.New("questions", heavyPlaces(), waitingQuestions), calls: places.New("calls", callsAtWork, callsWaiting), streams: places.New("streams", streamsAtWork, 0), strangers: places.New("strangers", strangersAtWork, strangersWaiting)}
	mux := http.NewServeMux()
	config := huma.DefaultConfig("Carpel", o.Version)
	config.OpenAPI.Info.Description = "Live customer segments. Programs send a key, which names its workspace: `Authorization: Bearer ak_…`. " +
		"Browsers log in, and name a workspace by the header `Carpel-Workspace`."
	config.OpenAPIPath = "/api/openapi"
	config.DocsPath = ""    // the stock pages load their scripts from elsewhere; ours is in docs_page.go
	config.SchemasPath = "" // the schemas are in the document
	config.CreateHooks = nil
	config.Transformers = append(config.Transformers, a.asProblem)
	config.Formats = map[string]huma.Format{"application/json": jsonFormat(), "json": jsonFormat()}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"key":     {Type: "http", Scheme: "bearer", Description: "An API key (ak_…)."},
		"session": {Type: "apiKey", In: "cookie", Name: sessionCookie, Description: "A user who is logged in; the role decides what may be done."},
	}
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	config.Components.Schemas.RegisterTypeAlias(reflect.TypeFor[carpel.Value](), reflect.TypeFor[anyValue]())
	config.Components.Schemas.RegisterTypeAlias(reflect.TypeFor[carpel.Millis](), reflect.TypeFor[momentOrNull]())
	config.Components.Schemas.RegisterTypeAlias(reflect.TypeFor[json.RawMessage](), reflect.TypeFor[anyValue]())
	a.huma = humago.New(mux, config)
	a.huma.UseMiddleware(a.authorize)
	for _, register := range []func(){
		a.registerSegments, a.registerSegmentQuestions, a.registerMembers, a.registerPeople, a.registerSchema,
		a.registerOverview, a.registerRejected, a.registerImports, a.registerWorkspace, a.registerKeys,
		a.registerChannels, a.registerSending, a.registerTemplates, a.registerCampaigns, a.registerTemplatePreviews, a.registerBroadcasts, a.registerReports, a.registerWebhooks, a.registerSession, a.registerLinks, a.registerUsers, a.registerOpenID,
		a.registerDeliveries, a.registerSuppressions, a.registerInbox, a.registerSend,
	} {
		register()
	}
	listsAreNeverNull(a.huma.OpenAPI())
	mux.HandleFunc("GET /api/docs", a.serveDocs)
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		a.writeProblem(w, r, carpel.Errorf(carpel.CodeNotFound, "there is no %s %s; see /api/docs", r.Method, r.URL.Path))
	})
	a.handler = a.identify(a.idempotent(mux))
	return a
}

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }

// OpenAPI returns the document, for tests and for generating clients.
func (a *API) OpenAPI() *huma.OpenAPI { return a.huma.OpenAPI() }

// call is one request, once it is known who makes it.
type call struct {
	context.Context
	Workspace string
	Who       string // id of the key or the user
	Engine    engine.Engine
	session   session
}

// operation describes a route: what it is for and what scope it takes.
type operation struct {
	Method, Path string
	Scope        string // records.ScopeRead, …: the row of the authorisation table; a route without one does not register
	ID           string // camelCase name, for generated clients
	Summary      string
	Description  string
	Tag          string
	Status       int   // of success; 0: 200, or 204 without a body
	MaxBody      int64 // bytes; 0: 1 MiB
	RawBody      bool  // the handler reads the body
	Heavy        bool  // evaluates over many people: takes one of the places for that
	Errors       []int // statuses beyond those that every call may answer
	// Produces adds content types that a streaming answer may have, to the document.
	Produces []string
	// Answer is an example of the JSON that a streaming answer may be instead, for its schema.
	Answer any
}

// route registers a call that needs an engine.
func route[I, O any](a *API, op operation, serve func(c *call, in *I) (*O, error)) {
	register(a, op, func(ctx context.Context, in *I) (*O, error) {
		s := sessionOf(ctx)
		leave, err := a.enter(ctx, op)
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		defer leave()
		db, release, err := a.Engine(ctx, s.workspace)
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		defer release()
		out, err := serve(&call{Context: ctx, Workspace: s.workspace, Who: s.who, Engine: db, session: s}, in)
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		return out, nil
	})
}

// routeRecords registers a call that needs no engine: c.Engine is nil.
func routeRecords[I, O any](a *API, op operation, serve func(c *call, in *I) (*O, error)) {
	register(a, op, func(ctx context.Context, in *I) (*O, error) {
		s := sessionOf(ctx)
		leave, err := a.enter(ctx, op)
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		defer leave()
		out, err := serve(&call{Context: ctx, Workspace: s.workspace, Who: s.who, session: s}, in)
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		return out, nil
	})
}

// enter takes the place that a heavy call needs, and returns the function that gives it back.
func (a *API) enter(ctx context.Context, op operation) (leave func(), err error) {
	if !op.Heavy {
		return func() {}, nil
	}
	return a.places.Take(ctx, sessionOf(ctx).workspace)
}

// How many calls with a credential are at work, and of one workspace wait; and how many streams are open, which nobody
// waits for. A call holds the body that it reads, of a MiB at most, and one of those that evaluate waits for its place.
const (
	callsAtWork   = 256
	callsWaiting  = 128
	streamsAtWork = 1024
)

// waitingQuestions is how many questions of a workspace wait before 429: more than a console asks at once.
const waitingQuestions = 32

// heavyPlaces is as many as there are cores, and at least two: what asks for the disk leaves cores free.
func heavyPlaces() int { return max(2, runtime.GOMAXPROCS(0)) }

// What calls without a credential may have: bytes of a body, how many are at work, and of one address wait.
const (
	maxOpenBody      = 16 << 10
	strangersAtWork  = 64
	strangersWaiting = 32
)

// routeOpen registers a call that takes no credential.
func routeOpen[I, O any](a *API, op operation, serve func(ctx context.Context, in *I) (*O, error)) {
	op.Scope, op.MaxBody = scopeOpen, maxOpenBody
	a.openCalls[op.Method+" "+op.Path] = true
	register(a, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := serve(ctx, in)
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		return out, nil
	})
}

func register[I, O any](a *API, op operation, handler func(context.Context, *I) (*O, error)) {
	if op.Scope == "" || op.ID == "" || op.Summary == "" {
		panic("api: " + op.Method + " " + op.Path + " lacks its scope, id or summary")
	}
	o := huma.Operation{
		OperationID: op.ID, Method: op.Method, Path: op.Path, Summary: op.Summary, Description: op.Description,
		Tags: []string{op.Tag}, DefaultStatus: op.Status, MaxBodyBytes: op.MaxBody, SkipValidateBody: op.RawBody,
		BodyReadTimeout: -1, // the server sets the deadlines
		Security:        []map[string][]string{{"key": {op.Scope}}, {"session": {op.Scope}}},
		Metadata:        map[string]any{"scope": op.Scope},
		Errors: append([]int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusTooManyRequests, http.StatusInternalServerError,
			http.StatusServiceUnavailable}, op.Errors...),
	}
	if op.Scope == scopeOpen {
		o.Security = []map[string][]string{}
	}
	if op.Method != http.MethodGet {
		o.Errors = append(o.Errors, http.StatusConflict)
	}
	huma.Register(a.huma, o, handler)
	completeDocument(a.huma.OpenAPI(), op)
}

// edits serialises the changes of one workspace's segments, so that records and engine change together.
type edits struct {
	mu    sync.Mutex
	locks map[string]*sync.Mutex // guarded by mu; one per workspace ever edited
}

// lock waits for the workspace's other edits and returns the function that ends this one.
func (e *edits) lock(workspace string) func() {
	e.mu.Lock()
	l := e.locks[workspace]
	if l == nil {
		l = &sync.Mutex{}
		e.locks[workspace] = l
	}
	e.mu.Unlock()
	l.Lock()
	return l.Unlock
}

// audit writes who did what. Its failure fails the call: what is not logged is not done.
func (a *API) audit(c *call, action, object string) error {
	return a.auditDetail(c, action, object, nil)
}

// detail is what an audit entry says beside who did what to which object: words of the product and numbers, nothing that a
// person wrote.
type detail map[string]any

// auditDetail is audit with more than the object's id.
func (a *API) auditDetail(c *call, action, object string, d detail) error {
	var raw json.RawMessage
	if d != nil {
		var err error
		if raw, err = json.Marshal(d); err != nil {
			return fmt.Errorf("audit %s: %w", action, err)
		}
	}
	return a.Records.Audit(c, c.Workspace, records.AuditEntry{Who: c.Who, Action: action, Object: object, Detail: raw})
}
