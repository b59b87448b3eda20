package push

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/delivery"
	"github.com/carpel/carpel/internal/outbound"
)

// APNsKey is the secret of a channel of APNs: the .p8 file of a key for push.
const APNsKey = "key"

// tokenLasts is how long a token is used: Apple takes one for an hour, and no new one within twenty minutes.
const tokenLasts = 40 * time.Minute

// apnsSettings are those of a channel of APNs.
type apnsSettings struct {
	KeyID       string `json:"key_id"`
	TeamID      string `json:"team_id"`
	Topic       string `json:"topic"`       // the app's bundle id
	Environment string `json:"environment"` // production (default) or development
}

// APNs is a channel of Apple's push service. Safe for concurrent use.
type APNs struct {
	options  Options
	settings apnsSettings
	key      *ecdsa.PrivateKey

	mu     sync.Mutex
	token  string    // guarded by mu
	signed time.Time // guarded by mu
}

var _ delivery.Checker = (*APNs)(nil)

// OpenAPNs returns a channel; nothing is dialled yet.
func OpenAPNs(c carpel.Channel, secrets map[string]string, o Options) (*APNs, error) {
	a := &APNs{options: o}
	if err := delivery.ReadSettings(c.Settings, &a.settings); err != nil {
		return nil, err
	}
	if err := delivery.CheckSecrets(secrets, APNsKey); err != nil {
		return nil, err
	}
	for _, s := range []struct{ name, value, what string }{{"key_id", a.settings.KeyID, "the id of the key"}, {"team_id", a.settings.TeamID, "the id of the team"}, {"topic", a.settings.Topic, "the bundle id of the app"}} {
		if s.value == "" || len(s.value) > 255 || strings.ContainsFunc(s.value, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			return nil, delivery.SettingError(s.name, "give %s", s.what)
		}
	}
	hosts := map[string]string{"": "https://api.push.apple.com", "production": "https://api.push.apple.com", "development": "https://api.sandbox.push.apple.com"}
	host, ok := hosts[a.settings.Environment]
	if !ok {
		return nil, delivery.SettingError("environment", "it is production or development")
	}
	if a.options.APNs == "" {
		a.options.APNs = host
	}
	var err error
	if a.key, err = key[*ecdsa.PrivateKey](secrets[APNsKey]); err == nil && a.key.Curve.Params().BitSize != 256 {
		err = fmt.Errorf("its key is not of P-256")
	}
	if err != nil {
		return nil, delivery.SecretError(APNsKey, "give the .p8 file of a key for push: %v", err)
	}
	return a, nil
}

// Send implements delivery.Channel. A token that Apple calls expired is signed anew, once: nothing was taken with it.
func (a *APNs) Send(ctx context.Context, m *carpel.Message) delivery.Outcome {
	p, expires, err := open(m, a.options.Now())
	if err != nil {
		return refused(err)
	}
	payload, err := apnsPayload(m.Delivery, p)
	if err != nil {
		return refused(err)
	}
	call := apnsCall{id: apnsID(m.Delivery), device: p.Token, collapse: p.CollapseID, expires: expires, payload: payload}
	o, reason := a.post(ctx, call)
	if reason == "ExpiredProviderToken" {
		o, _ = a.post(ctx, call)
	}
	return o
}

// apnsCall is one call of the service.
type apnsCall struct {
	id, device, collapse string
	expires              time.Time
	payload              []byte
}

// post makes a call, and returns what came of it with Apple's reason.
func (a *APNs) post(ctx context.Context, c apnsCall) (delivery.Outcome, string) {
	if _, err := hex.DecodeString(c.device); err != nil || c.device == "" {
		return delivery.Outcome{Result: delivery.Bounced, Detail: "it is no device token of APNs"}, ""
	}
	if len(c.collapse) > 64 {
		return delivery.Outcome{Result: delivery.Refused, Detail: "the collapse id has more than 64 bytes"}, ""
	}
	now := a.options.Now()
	token, err := a.authorize(now)
	if err != nil {
		return delivery.Outcome{Result: delivery.Failed, Detail: err.Error()}, ""
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.options.APNs+"/3/device/"+c.device, bytes.NewReader(c.payload))
	if err != nil {
		return refused(err), ""
	}
	for name, value := range map[string]string{"authorization": "bearer " + token, "apns-topic": a.settings.Topic, "apns-push-type": "alert", "apns-priority": "10", "apns-id": c.id} {
		r.Header.Set(name, value)
	}
	if c.collapse != "" {
		r.Header.Set("apns-collapse-id", c.collapse)
	}
	if !c.expires.IsZero() {
		r.Header.Set("apns-expiration", strconv.FormatInt(c.expires.Unix(), 10))
	}
	answer, err := a.options.Outbound.Call(r, now)
	if err != nil {
		return delivery.Unanswered(err), ""
	}
	var said struct{ Reason string }
	_ = json.Unmarshal(answer.Body, &said) // of what is no JSON the status counts
	if said.Reason == "ExpiredProviderToken" {
		a.forget(token)
	}
	return apnsOutcome(answer, said.Reason), said.Reason
}

// What Apple says of the device, and of us.
var (
	apnsNoDevice = []string{"Unregistered", "ExpiredToken", "BadDeviceToken", "DeviceTokenNotForTopic"}
	apnsOurFault = []string{"ExpiredProviderToken", "InvalidProviderToken", "MissingProviderToken", "Forbidden", "BadCertificate", "BadCertificateEnvironment", "BadTopic", "MissingTopic", "TopicDisallowed",
		"BadEnvironmentKeyIdInToken", "UnrelatedKeyIdInToken"}
)

func apnsOutcome(a outbound.Answer, reason string) delivery.Outcome {
	o := delivery.Outcome{Result: delivery.Refused, Detail: outbound.Words(fmt.Sprintf("%d %s", a.Status, reason))}
	switch {
	case a.Status == http.StatusOK:
		o.Result = delivery.Accepted
	case a.Status == http.StatusGone, slices.Contains(apnsNoDevice, reason):
		o.Result = delivery.Bounced
	case slices.Contains(apnsOurFault, reason):
		o.Result = delivery.Failed
	case a.Status == http.StatusTooManyRequests, a.Status >= 500:
		o.Result, o.RetryAfter = delivery.Deferred, a.RetryAfter
	}
	return o
}

// authorize returns the token that shows who calls: the one at hand, or one signed now.
func (a *APNs) authorize(now time.Time) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.token != "" && now.Sub(a.signed) < tokenLasts && !now.Before(a.signed) {
		return a.token, nil
	}
	token, err := signToken(a.key, map[string]any{"kid": a.settings.KeyID}, map[string]any{"iss": a.settings.TeamID, "iat": now.Unix()})
	if err == nil {
		a.token, a.signed = token, now
	}
	return token, err
}

// forget drops a token that was not taken.
func (a *APNs) forget(token string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.token == token {
		a.token = ""
	}
}

// apnsID is the id of a delivery as Apple wants it: a UUID, the same for the same delivery.
func apnsID(id string) string {
	sum := sha256.Sum256([]byte("apns " + id))
	b := sum[:16]
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80 // version 8 of RFC 9562: one's own
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func apnsPayload(id string, p *carpel.PushMessage) ([]byte, error) {
	all := map[string]any{}
	for name, value := range p.Data {
		all[name] = value
	}
	aps := map[string]any{"alert": map[string]string{"title": p.Title, "body": p.Body}, "sound": "default"}
	if p.Image != "" {
		aps["mutable-content"], all["image"] = 1, p.Image // the app's extension fetches it
	}
	if p.Link != "" {
		all["link"] = p.Link
	}
	all["aps"], all[deliveryKey] = aps, id
	return json.Marshal(all)
}

// Check implements delivery.Checker: it calls for a device that nobody has, which shows whether the key is taken.
func (a *APNs) Check(ctx context.Context) error {
	o, reason := a.post(ctx, apnsCall{id: apnsID("check"), device: strings.Repeat("0", 64), payload: []byte(`{"aps":{}}`)})
	if reason == "BadDeviceToken" {
		return nil
	}
	if strings.Contains(reason, "Topic") {
		return delivery.SettingError("topic", "%s", o.Detail)
	}
	return delivery.SecretError(APNsKey, "%s", o.Detail)
}

// Close implements delivery.Channel.
func (a *APNs) Close() error { return nil }
