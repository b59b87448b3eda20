package push

import (
	"bytes"
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/delivery"
	"github.com/carpel/carpel/internal/outbound"
)

// ServiceAccount is the secret of a channel of FCM: the JSON file of a service account.
const ServiceAccount = "service_account"

const (
	fcmURL   = "https://fcm.googleapis.com"
	fcmScope = "https://www.googleapis.com/auth/firebase.messaging"
)

// FCM is a channel of Firebase Cloud Messaging. Safe for concurrent use.
type FCM struct {
	options Options
	account account
	key     *rsa.PrivateKey

	mu      sync.Mutex
	token   string    // guarded by mu
	expires time.Time // guarded by mu
}

// account is what is needed of the file of a service account.
type account struct {
	Project  string `json:"project_id"`
	Email    string `json:"client_email"`
	Key      string `json:"private_key"`
	KeyID    string `json:"private_key_id"`
	TokenURI string `json:"token_uri"`
}

var _ delivery.Checker = (*FCM)(nil)

// OpenFCM returns a channel; nothing is dialled yet.
func OpenFCM(c carpel.Channel, secrets map[string]string, o Options) (*FCM, error) {
	f := &FCM{options: o}
	if err := delivery.ReadSettings(c.Settings, &struct{}{}); err != nil {
		return nil, err
	}
	if err := delivery.CheckSecrets(secrets, ServiceAccount); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(secrets[ServiceAccount]), &f.account); err != nil || f.account.Project == "" || f.account.Email == "" {
		return nil, delivery.SecretError(ServiceAccount, "give the JSON file of a service account, as the Firebase console makes it")
	}
	var err error
	if f.key, err = key[*rsa.PrivateKey](f.account.Key); err != nil {
		return nil, delivery.SecretError(ServiceAccount, "%v", err)
	}
	if u, err := url.Parse(f.account.TokenURI); err != nil || u.Scheme != "https" {
		return nil, delivery.SecretError(ServiceAccount, "its token_uri is no address of https")
	}
	if f.options.FCM == "" {
		f.options.FCM = fcmURL
	}
	return f, nil
}

// Send implements delivery.Channel.
func (f *FCM) Send(ctx context.Context, m *carpel.Message) delivery.Outcome {
	now := f.options.Now()
	p, expires, err := open(m, now)
	if err != nil {
		return refused(err)
	}
	token, err := f.authorize(ctx)
	if err != nil {
		return unauthorized(err)
	}
	body, err := json.Marshal(map[string]any{"message": fcmMessage(m.Delivery, p, expires, now)})
	if err != nil {
		return refused(err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, f.options.FCM+"/v1/projects/"+url.PathEscape(f.account.Project)+"/messages:send", bytes.NewReader(body))
	if err != nil {
		return refused(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := f.options.Outbound.Call(r, now)
	if err != nil {
		return delivery.Unanswered(err)
	}
	if answer.Status == http.StatusUnauthorized {
		f.forget(token)
	}
	return fcmOutcome(answer)
}

func fcmMessage(id string, p *carpel.PushMessage, expires, now time.Time) map[string]any {
	data := map[string]string{}
	for name, value := range p.Data {
		data[name] = value
	}
	data[deliveryKey] = id
	if p.Link != "" {
		data["link"] = p.Link
	}
	notification := map[string]string{"title": p.Title, "body": p.Body}
	if p.Image != "" {
		notification["image"] = p.Image
	}
	android, headers := map[string]any{}, map[string]string{}
	if p.CollapseID != "" {
		android["collapse_key"], headers["apns-collapse-id"] = p.CollapseID, p.CollapseID
	}
	if !expires.IsZero() {
		android["ttl"] = strconv.Itoa(int(expires.Sub(now).Seconds())) + "s"
		headers["apns-expiration"] = strconv.FormatInt(expires.Unix(), 10)
	}
	return map[string]any{"token": p.Token, "notification": notification, "data": data, "android": android, "apns": map[string]any{"headers": headers}}
}

// fcmOutcome is what an answer means, by the error code of FCM in its details, else by its status.
func fcmOutcome(a outbound.Answer) delivery.Outcome {
	if a.Status == http.StatusOK {
		return delivery.Outcome{Result: delivery.Accepted, Detail: "200 OK"}
	}
	var said struct {
		Error struct {
			Status, Message string
			Details         []struct {
				ErrorCode       string
				FieldViolations []struct{ Field string }
			}
		}
	}
	_ = json.Unmarshal(a.Body, &said) // of what is no JSON the status counts
	code, badToken := said.Error.Status, false
	for _, d := range said.Error.Details {
		if d.ErrorCode != "" {
			code = d.ErrorCode
		}
		for _, v := range d.FieldViolations {
			badToken = badToken || v.Field == "message.token"
		}
	}
	o := delivery.Outcome{Result: delivery.Refused, Detail: outbound.Words(fmt.Sprintf("%d %s %s", a.Status, code, said.Error.Message))}
	switch {
	case code == "UNREGISTERED", code == "INVALID_ARGUMENT" && badToken:
		o.Result = delivery.Bounced
	case a.Status == http.StatusUnauthorized, a.Status == http.StatusForbidden && code != "SENDER_ID_MISMATCH", a.Status == http.StatusNotFound:
		o.Result = delivery.Failed // of the account or the project, not of the message
	case a.Status == http.StatusTooManyRequests, a.Status >= 500:
		o.Result, o.RetryAfter = delivery.Deferred, a.RetryAfter
		if o.RetryAfter == 0 && code == "QUOTA_EXCEEDED" {
			o.RetryAfter = time.Minute // as FCM's guide asks for
		}
	}
	return o
}

// accountError is why an account gets no token, in the words of who gives them out.
type accountError struct{ words string }

func (e accountError) Error() string { return e.words }

// unauthorized is the outcome of a message for which there was no token.
func unauthorized(err error) delivery.Outcome {
	o := delivery.Outcome{Result: delivery.Deferred, Detail: outbound.Words("log-in: " + err.Error())}
	var wrong accountError
	var refused *outbound.RefusedError
	if errors.As(err, &wrong) || errors.As(err, &refused) {
		o.Result = delivery.Failed
	}
	return o
}

// authorize returns a token of OAuth 2 for the account: the one at hand, or a new one by a signed claim (RFC 7523).
func (f *FCM) authorize(ctx context.Context) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock() // the others wait for the one who asks
	now := f.options.Now()
	if f.token != "" && now.Before(f.expires) {
		return f.token, nil
	}
	claim, err := signToken(f.key, map[string]any{"kid": f.account.KeyID}, map[string]any{"iss": f.account.Email, "scope": fcmScope, "aud": f.account.TokenURI, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix()})
	if err != nil {
		return "", err
	}
	form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {claim}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, f.account.TokenURI, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := f.options.Outbound.Call(r, now)
	if err != nil {
		return "", err
	}
	var got struct {
		Token string `json:"access_token"`
		Lasts int    `json:"expires_in"`
	}
	if answer.Status >= 500 || answer.Status == http.StatusTooManyRequests {
		return "", errors.New(answer.Words())
	}
	if answer.Status != http.StatusOK || json.Unmarshal(answer.Body, &got) != nil || got.Token == "" {
		return "", accountError{answer.Words()}
	}
	f.token, f.expires = got.Token, now.Add(time.Duration(min(max(got.Lasts, 120), 86400))*time.Second-time.Minute)
	return f.token, nil
}

// forget drops a token that was not taken.
func (f *FCM) forget(token string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.token == token {
		f.token = ""
	}
}

// Check implements delivery.Checker: it gets a token.
func (f *FCM) Check(ctx context.Context) error {
	if _, err := f.authorize(ctx); err != nil {
		return delivery.SecretError(ServiceAccount, "%s", outbound.Words(err.Error()))
	}
	return nil
}

// Close implements delivery.Channel.
func (f *FCM) Close() error { return nil }
