// Package tracking is what comes back: it makes the links and the pixel of messages, answers them, lets people
// unsubscribe, and reads bounces and complaints.
//
//	request ─▶ Sighting (records, durable before the answer) ─▶ activity (engine) ─▶ moment of the delivery (records)
//
// A sighting is told to the engine by its message id, so that telling it again after a crash changes nothing.
package tracking

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/places"
	"github.com/carpel/carpel/internal/records"
	"github.com/carpel/carpel/internal/secret"
)

// Options is what a tracker works on. All must be set.
type Options struct {
	Records *records.DB
	Ring    *secret.Ring
	// PublicURL returns where people reach this server: https://mail.example.com, without a slash at the end.
	PublicURL func() string
	// Engine opens a workspace's engine; the function returned is called when done with it.
	Engine func(ctx context.Context, workspace string) (engine.Engine, func(), error)
	// Room returns an error when the disk is too full to take anything in. Who unsubscribes is not asked.
	Room func() error
	// Refused is told why something was not kept, for metrics: a code of an error, or a bound.
	Refused func(reason string)
	Now     func() time.Time
	Log     *slog.Logger
}

// Tracker answers what messages lead to. Safe for concurrent use.
type Tracker struct {
	o       Options
	mux     *http.ServeMux
	places  *places.Places // of those who ask, by address
	keeper  keeper
	wake    chan struct{} // something may be due
	telling sync.Mutex
}

// The paths. Tokens are of the alphabet of base64url.
const (
	pathOpen        = "/m/o/"
	pathClick       = "/m/c/"
	pathUnsubscribe = "/m/u/"
)

// How many requests are at work, and of one address wait. Mail providers ask for many people from few addresses.
const (
	atWork  = 256
	waiting = 256
)

// New returns a tracker. [Tracker.Run] tells the engine what comes in.
func New(o Options) *Tracker {
	t := &Tracker{o: o, mux: http.NewServeMux(), places: places.New("tracking", atWork, waiting), wake: make(chan struct{}, 1)}
	t.mux.HandleFunc("GET "+pathOpen+"{token}", t.open)
	t.mux.HandleFunc("GET "+pathClick+"{token}", t.click)
	t.mux.HandleFunc("GET "+pathUnsubscribe+"{token}", t.showPreferences)
	t.mux.HandleFunc("POST "+pathUnsubscribe+"{token}", t.choose)
	t.mux.HandleFunc("/m/", func(w http.ResponseWriter, _ *http.Request) { unknown(w) })
	return t
}

// Paths is what [Tracker.ServeHTTP] answers, as patterns of [http.ServeMux].
func Paths() []string { return []string{"/m/"} }

// ServeHTTP answers one request. It sets no cookie, and nobody keeps an answer.
func (t *Tracker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store, private")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("X-Frame-Options", "DENY")
	leave, err := t.places.Take(r.Context(), places.Address(r.RemoteAddr))
	if err != nil {
		t.o.Refused(reasonOf(err))
		t.overloaded(w, r)
		return
	}
	defer leave()
	known := r.WithContext(r.Context())
	t.mux.ServeHTTP(w, known)
	r.Pattern = known.Pattern // the route, for who measures requests
}

// overloaded answers when nothing more is taken in: whoever follows a link gets there all the same.
func (t *Tracker) overloaded(w http.ResponseWriter, r *http.Request) {
	if token, ok := strings.CutPrefix(r.URL.Path, pathClick); ok {
		if k, err := readTicket(t.o.Ring, forClick, token); err == nil && isDestination(k.rest) {
			sendOn(w, k.rest)
			return
		}
	}
	w.Header().Set("Retry-After", "5")
	http.Error(w, "Too many requests. Please try again in a moment.", http.StatusTooManyRequests)
}

// pixel is a transparent GIF of one pixel.
var pixel = []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;")

// open answers the pixel.
func (t *Tracker) open(w http.ResponseWriter, r *http.Request) {
	k, err := readTicket(t.o.Ring, forOpen, r.PathValue("token"))
	if err != nil {
		unknown(w)
		return
	}
	status := http.StatusOK
	if err := t.saw(r, k, "opened", ""); err != nil {
		status = http.StatusServiceUnavailable // it was not kept
	}
	w.Header().Set("Content-Type", "image/gif")
	w.WriteHeader(status)
	_, _ = w.Write(pixel) // the client may be gone
}

// click sends whoever follows a link on. They get there also when it could not be kept.
func (t *Tracker) click(w http.ResponseWriter, r *http.Request) {
	k, err := readTicket(t.o.Ring, forClick, r.PathValue("token"))
	if err != nil || !isDestination(k.rest) {
		unknown(w)
		return
	}
	_ = t.saw(r, k, "clicked", k.rest) // counted and logged there
	sendOn(w, k.rest)
}

func sendOn(w http.ResponseWriter, to string) {
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusFound)
}

// saw keeps that a message was opened or a link followed. A delivery that is not there any more, or is a try-out, has
// nothing to be kept of.
func (t *Tracker) saw(r *http.Request, k ticket, action, link string) error {
	err := t.o.Room()
	if err == nil {
		now := carpel.MillisOf(t.o.Now())
		var d carpel.Delivery
		d, err = t.o.Records.Delivery(r.Context(), k.workspace, k.delivery)
		switch {
		case carpel.ErrorCode(err) == carpel.CodeNotFound || err == nil && d.Origin.Kind == carpel.FromTest:
			return nil
		case err == nil:
			err = t.see(r.Context(), records.Sighting{Workspace: k.workspace, Delivery: d.ID, Person: d.Person, Action: action, Link: link, Machine: isMachine(r, d, now), At: now})
		}
	}
	if err != nil && r.Context().Err() == nil {
		t.failed(r.Context(), action, err)
	}
	return err
}

// failed tells of something that was not kept.
func (t *Tracker) failed(ctx context.Context, what string, err error) {
	t.o.Refused(reasonOf(err))
	if carpel.ErrorCode(err) == carpel.CodeInternal {
		t.o.Log.ErrorContext(ctx, "tracking: not kept", "what", what, "error", err)
	}
}

func reasonOf(err error) string {
	if e, ok := err.(*carpel.Error); ok {
		return e.Reason()
	}
	return carpel.ErrorCode(err)
}
