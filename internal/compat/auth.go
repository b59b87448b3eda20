package compat

import (
	"encoding/base64"
	"strings"
)

// BasicAuth reads an Authorization header of the scheme Basic, in either alphabet of base64, padded or not: some SDKs
// write the one for URLs. It reports false for anything else.
func BasicAuth(header string) (user, password string, ok bool) {
	scheme, text, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return "", "", false
	}
	text = strings.TrimRight(strings.TrimSpace(text), "=")
	text = strings.NewReplacer("-", "+", "_", "/").Replace(text)
	plain, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return "", "", false
	}
	return strings.Cut(string(plain), ":")
}
