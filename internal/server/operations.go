package server

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
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
			s.config.Log.Error("not ready", "error", err)
			answerJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "not ready"})
			return
		}
		answer := map[string]any{"status": "ready"}
		if failed := s.workspaces.unopened(); len(failed) > 0 { // the others are served
			answer["workspaces_failed"] = failed
		}
		answerJSON(w, http.StatusOK, answer)
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

// ready returns nil when requests can be served: the records answer, the server is not stopping, and nothing has
// happened that it cannot go on from.
func (s *Server) ready(ctx context.Context) error {
	select {
	case err := <-s.fatal:
		s.fail(err)
		return err
	default:
	}
	if err := context.Cause(s.stopping); err != nil {
		return err
	}
	_, err := s.records.Workspaces(ctx)
	return err
}
