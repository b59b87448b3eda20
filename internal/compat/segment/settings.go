package segment

import (
	"encoding/json"
	"net/http"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/compat"
)

// The names of the integration under which the stock SDKs of Segment and of Customer.io look for where to send to.
const (
	segmentIntegration    = "Segment.io"
	customerioIntegration = "Customer.io Data Pipelines"
)

// serveSettings answers what a browser SDK asks when it starts: where to send events, and with which key.
func (h *Handler) serveSettings(w http.ResponseWriter, r *http.Request, integration string) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions:
		compat.Preflight(w, "GET, OPTIONS")
		return
	default:
		w.Header().Set("Allow", "GET, OPTIONS")
		answer(w, http.StatusMethodNotAllowed, carpel.Errorf(carpel.CodeInvalid, "settings are read with GET"))
		return
	}
	compat.Origin(w)
	key := r.PathValue("writeKey")
	if _, err := h.door.Authenticate(r.Context(), key); err != nil {
		e := h.door.Readable(r.Context(), err)
		if e.Code == carpel.CodeUnauthorized {
			e = carpel.Errorf(carpel.CodeNotFound, "no project has this write key")
		}
		answer(w, compat.Head(w, e), e)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(settings(r, key, integration)) // the client may be gone
}

// settings is the document, complete enough for a stock SDK to load nothing from elsewhere. It names one integration
// alone: for any further one analytics.js fetches the code of its destinations before it starts, from where it has
// the settings from. So Customer.io's SDK, which looks for another name, has a path of its own.
func settings(r *http.Request, key, integration string) map[string]any {
	protocol := "http"
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		protocol = "https"
	}
	destination := map[string]any{
		"apiKey": key, "apiHost": r.Host + "/v1", "protocol": protocol, "addBundledMetadata": true, "unbundledIntegrations": []string{},
		"versionSettings": map[string]any{"version": "4.4.7", "componentTypes": []string{"browser"}}, "type": "browser", "bundlingStatus": "bundled",
		"retryQueue": true,
	}
	enabled := map[string]any{"__default": map[string]any{"enabled": true, "integrations": map[string]any{}}}
	return map[string]any{
		"integrations":              map[string]any{integration: destination},
		"plan":                      map[string]any{"track": enabled, "identify": enabled, "group": enabled},
		"edgeFunction":              map[string]any{},
		"analyticsNextEnabled":      true,
		"middlewareSettings":        map[string]any{},
		"enabledMiddleware":         map[string]any{},
		"metrics":                   map[string]any{"sampleRate": 0},
		"legacyVideoPluginsEnabled": false,
		"remotePlugins":             []any{},
	}
}
