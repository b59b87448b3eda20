package segment

import (
	"net/http"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/compat"
	"github.com/carpel/carpel/internal/records"
)

// headerKey finds the key that the header names: `Basic writeKey:`. It reports false when the header has none, and
// the body's writeKey decides.
func (h *Handler) headerKey(r *http.Request) (records.Key, bool, error) {
	header := r.Header.Get("Authorization")
	if scheme, _, _ := strings.Cut(header, " "); !strings.EqualFold(scheme, "Basic") {
		return records.Key{}, false, nil // nothing, or a token of theirs beside the body's writeKey
	}
	user, _, ok := compat.BasicAuth(header)
	if !ok {
		return records.Key{}, false, carpel.Errorf(carpel.CodeUnauthorized, "the Authorization header is not Basic base64(writeKey:)")
	}
	if user == "" {
		return records.Key{}, false, nil
	}
	key, err := h.door.Authenticate(r.Context(), user)
	return key, true, err
}
