package delivery

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/carpel/carpel"
)

// Checker is a [Channel] that can be tried without a message.
type Checker interface {
	// Check connects and shows its credentials. Its error is a *[carpel.Error] that says what is wrong with the settings, or
	// the server's words.
	Check(ctx context.Context) error
}

// ReadSettings reads a channel's settings into a struct, but for those that every channel has: rate and domain_rate, how
// many messages go through it in a second, all together and to one domain. Its error points at what is unknown or of the
// wrong type.
func ReadSettings(settings map[string]any, into any) error {
	settings = maps.Clone(settings)
	for _, name := range []string{"rate", "domain_rate"} {
		if n, ok := settings[name]; ok {
			if n, ok := n.(float64); !ok || n < 0 || n > 1e6 {
				return SettingError(name, "it is messages in a second, 0 to 1,000,000; 0 for as fast as it goes")
			}
		}
		delete(settings, name)
	}
	if settings == nil {
		settings = map[string]any{}
	}
	raw, err := json.Marshal(settings)
	if err != nil {
		return carpel.Errorf(carpel.CodeInvalid, "the settings are no JSON object")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	err = d.Decode(into)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong):
		return SettingError(wrong.Field, "a %s is not what belongs here", wrong.Value)
	}
	if _, name, ok := strings.Cut(err.Error(), "unknown field "); ok {
		name = strings.Trim(name, `"`)
		return &carpel.Error{Code: carpel.CodeUnknownKey, Pointer: pointer("settings", name), Message: fmt.Sprintf("%.60q is no setting of this provider", name)}
	}
	return carpel.Errorf(carpel.CodeInvalid, "the settings cannot be read")
}

// CheckSecrets refuses secrets that a provider does not have.
func CheckSecrets(secrets map[string]string, known ...string) error {
	for name := range secrets {
		if !slices.Contains(known, name) {
			return &carpel.Error{Code: carpel.CodeUnknownKey, Pointer: pointer("secrets", name), Message: fmt.Sprintf("%.60q is no secret of this provider; there are: %s", name, strings.Join(known, ", "))}
		}
	}
	return nil
}

// SettingError says what is wrong with a setting.
func SettingError(name, format string, args ...any) error {
	return &carpel.Error{Code: carpel.CodeInvalid, Pointer: pointer("settings", name), Message: fmt.Sprintf(format, args...)}
}

// SecretError says what is wrong with a secret, without it.
func SecretError(name, format string, args ...any) error {
	return &carpel.Error{Code: carpel.CodeInvalid, Pointer: pointer("secrets", name), Message: fmt.Sprintf(format, args...)}
}

func pointer(of, name string) string {
	return "/" + of + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
