package server

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// metrics are what Prometheus reads. No label holds personal data, nor a name that people gave: workspaces and
// segments go by their ids. The names are listed in docs/operations.md and stay.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec // by route and class of status
	items    *prometheus.CounterVec   // by workspace, kind and what became of it
	commits  *prometheus.HistogramVec // by workspace
	feed     *prometheus.CounterVec   // changes read, by workspace
	refused  *prometheus.CounterVec   // requests, by which API and why
}

func newMetrics(ws *Workspaces, d *disk) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "carpel_http_request_seconds", Help: "Time to answer, by the pattern of the route and the class of the status.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"route", "status"}),
		items: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "carpel_ingest_items_total", Help: "Items that reached the engine, by kind and by what became of them.",
		}, []string{"workspace", "kind", "outcome"}),
		commits: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "carpel_commit_seconds", Help: "Time until a batch is durable and every membership takes it into account.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"workspace"}),
		feed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "carpel_feed_changes_read_total", Help: "Membership changes handed to readers of the feed.",
		}, []string{"workspace"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "carpel_requests_refused_total", Help: "Requests that were answered with an error, by the code of it, or by the bound that was passed.",
		}, []string{"api", "reason"}),
	}
	m.registry.MustRegister(m.requests, m.items, m.commits, m.feed, m.refused, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), newEngineCollector(ws, d))
	return m
}

// refusedBy returns what counts the refusals of one API.
func (m *metrics) refusedBy(api string) func(reason string) {
	return func(reason string) { m.refused.WithLabelValues(api, reason).Inc() }
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// observe measures every request.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := s.config.Now()
		sw := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(sw, r)
		route := r.Pattern
		if route == "" {
			route = "none"
		}
		s.metrics.requests.WithLabelValues(route, fmt.Sprintf("%dxx", sw.status/100)).Observe(s.config.Now().Sub(start).Seconds())
	})
}

// statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush lets streams go out.
func (w *statusWriter) Flush() {
	if f, ok := w.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}

// measured is an engine that counts what goes through it.
type measured struct {
	engine.Engine
	metrics   *metrics
	workspace string
}

// Commit implements engine.Writer.
func (m measured) Commit(ctx context.Context, items []carpel.Item) ([]engine.Outcome, error) {
	start := time.Now()
	outcomes, err := m.Engine.Commit(ctx, items)
	if err != nil {
		return outcomes, err
	}
	m.metrics.commits.WithLabelValues(m.workspace).Observe(time.Since(start).Seconds())
	for i, o := range outcomes {
		became := "taken"
		switch {
		case o.Refused != nil:
			became = "refused"
		case o.Repeated:
			became = "repeated"
		case len(o.Warnings) > 0:
			became = "warned"
		}
		m.metrics.items.WithLabelValues(m.workspace, items[i].Kind.String(), became).Inc()
	}
	return outcomes, nil
}

// Changes implements engine.Questions.
func (m measured) Changes(ctx context.Context, q engine.ChangesQuery) ([]carpel.Change, string, error) {
	changes, next, err := m.Engine.Changes(ctx, q)
	m.metrics.feed.WithLabelValues(m.workspace).Add(float64(len(changes)))
	return changes, next, err
}

// engineCollector reads the open engines' figures when asked.
type engineCollector struct {
	workspaces *Workspaces
	space      *disk
	now        func() time.Time

	people, anonymous, events, disk, cache, segments, due, batches, lag *prometheus.Desc // by workspace
	open, unopened, free                                                *prometheus.Desc
	members, progress, failed                                           *prometheus.Desc // by workspace and segment
}

func newEngineCollector(ws *Workspaces, d *disk) *engineCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	const w, s = "workspace", "segment"
	return &engineCollector{
		workspaces: ws, space: d, now: ws.options.Now,
		open:      desc("carpel_workspaces_open", "Workspaces whose engine is open."),
		unopened:  desc("carpel_workspaces_failed", "Workspaces whose engine did not open at the last try; /readyz names them."),
		free:      desc("carpel_disk_free_bytes", "Free space where the data directory is."),
		people:    desc("carpel_people", "Identified people.", w),
		anonymous: desc("carpel_anonymous", "Anonymous visitors whose history waits.", w),
		events:    desc("carpel_events", "Stored events, pages, screens and messages.", w),
		disk:      desc("carpel_engine_disk_bytes", "Bytes on disk.", w),
		cache:     desc("carpel_engine_cache_bytes", "Decoded data in memory.", w),
		segments:  desc("carpel_segments", "Segments that are kept.", w),
		due:       desc("carpel_timers_due", "Changes by time that are behind.", w),
		batches:   desc("carpel_batches_total", "Batches committed.", w),
		lag:       desc("carpel_evaluation_lag_seconds", "How far the moment for which memberships are exact is behind the clock.", w),
		members:   desc("carpel_segment_people", "People in a segment.", w, s),
		progress:  desc("carpel_segment_build_progress", "0 to 1 of the build under way; only while there is one.", w, s),
		failed:    desc("carpel_segment_failed", "1 for a segment that could not be built.", w, s),
	}
}

// Describe implements prometheus.Collector.
func (c *engineCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.open, c.unopened, c.free, c.people, c.anonymous, c.events, c.disk, c.cache, c.segments, c.due, c.batches, c.lag, c.members, c.progress, c.failed} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *engineCollector) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	all := c.workspaces.opened()
	gauge(c.open, float64(len(all)))
	gauge(c.unopened, float64(len(c.workspaces.unopened())))
	gauge(c.free, float64(c.space.free.Load()))
	for id, db := range all {
		st, at := db.Stats(), db.Position()
		gauge(c.people, float64(st.People), id)
		gauge(c.anonymous, float64(st.Anonymous), id)
		gauge(c.events, float64(st.Events), id)
		gauge(c.disk, float64(st.DiskBytes), id)
		gauge(c.cache, float64(st.CacheBytes), id)
		gauge(c.segments, float64(st.Segments), id)
		gauge(c.due, float64(st.TimersDue), id)
		gauge(c.lag, max(0, c.now().Sub(at.Now.Time()).Seconds()), id)
		ch <- prometheus.MustNewConstMetric(c.batches, prometheus.CounterValue, float64(at.Seq), id)
		for _, s := range db.Statuses() {
			gauge(c.members, float64(s.Count), id, s.ID)
			if s.Building != 0 {
				gauge(c.progress, s.Progress, id, s.ID)
			}
			if s.State == carpel.StateFailed {
				gauge(c.failed, 1, id, s.ID)
			}
		}
	}
}
