package server

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// registerOperations adds the calls that tell how the server is.
func (s *Server) registerOperations(mux *http.ServeMux) {
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, http.StatusOK, map[string]string{"status": "live"})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		if err := s.ready(ctx); err != nil {
			answerJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "not ready", "reason": err.Error()})
			return
		}
		answerJSON(w, http.StatusOK, map[string]string{"status": "ready"})
	})
	mux.HandleFunc("GET /version", func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, http.StatusOK, map[string]string{"version": s.config.Version})
	})
}

func answerJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may be gone
}

// metrics are what Prometheus reads. No label holds personal data, nor a workspace's name.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
}

func newMetrics(ws *Workspaces) *metrics {
	m := &metrics{registry: prometheus.NewRegistry(), requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "carpel_http_request_seconds", Help: "Time to answer, by the pattern of the route and the class of the status.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
	}, []string{"route", "status"})}
	m.registry.MustRegister(m.requests, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &engineCollector{ws})
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// engineCollector reads the engines' figures when asked.
type engineCollector struct{ workspaces *Workspaces }

var (
	peopleDesc    = prometheus.NewDesc("carpel_people", "Identified people.", []string{"workspace"}, nil)
	eventsDesc    = prometheus.NewDesc("carpel_events", "Stored events, pages, screens and messages.", []string{"workspace"}, nil)
	diskDesc      = prometheus.NewDesc("carpel_engine_disk_bytes", "Bytes on disk.", []string{"workspace"}, nil)
	cacheDesc     = prometheus.NewDesc("carpel_engine_cache_bytes", "Decoded data in memory.", []string{"workspace"}, nil)
	segmentsDesc  = prometheus.NewDesc("carpel_segments", "Segments that are kept.", []string{"workspace"}, nil)
	timersDueDesc = prometheus.NewDesc("carpel_timers_due", "Changes by time that are behind.", []string{"workspace"}, nil)
	seqDesc       = prometheus.NewDesc("carpel_batches_total", "Batches committed.", []string{"workspace"}, nil)
)

// Describe implements prometheus.Collector.
func (c *engineCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{peopleDesc, eventsDesc, diskDesc, cacheDesc, segmentsDesc, timersDueDesc, seqDesc} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *engineCollector) Collect(ch chan<- prometheus.Metric) {
	for id, db := range c.workspaces.opened() {
		st := db.Stats()
		gauge := func(d *prometheus.Desc, v float64) {
			ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, id)
		}
		gauge(peopleDesc, float64(st.People))
		gauge(eventsDesc, float64(st.Events))
		gauge(diskDesc, float64(st.DiskBytes))
		gauge(cacheDesc, float64(st.CacheBytes))
		gauge(segmentsDesc, float64(st.Segments))
		gauge(timersDueDesc, float64(st.TimersDue))
		ch <- prometheus.MustNewConstMetric(seqDesc, prometheus.CounterValue, float64(db.Position().Seq), id)
	}
}
