package push

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/delivery"
)

// VAPIDKey is the secret of a channel of web push: its private key of P-256, 32 bytes in base64url.
const VAPIDKey = "vapid_key"

const (
	maxWebMessage = 3993              // bytes that fit into a record of 4,096
	webTTL        = 4 * 7 * 24 * 3600 // seconds that a push service keeps it, at most as long as they do
)

// webSettings are those of a channel of web push.
type webSettings struct {
	Subject   string `json:"subject"`    // mailto: or https: address that push services reach the operator by
	PublicKey string `json:"public_key"` // of the key; made with it, for the browser's subscription
}

// Web is a channel of web push. Safe for concurrent use.
type Web struct {
	options  Options
	settings webSettings
	key      *ecdsa.PrivateKey
	public   string
}

// NewVAPIDKey makes a private key.
func NewVAPIDKey() (string, error) {
	k, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return "", fmt.Errorf("make a key: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(k.Bytes()), nil
}

// PublicKey is the public key of a private one, as browsers take it.
func PublicKey(private string) (string, error) {
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(private, "="))
	if err != nil {
		return "", errors.New("it is not base64url")
	}
	k, err := ecdh.P256().NewPrivateKey(b)
	if err != nil {
		return "", errors.New("it is no private key of P-256")
	}
	return base64.RawURLEncoding.EncodeToString(k.PublicKey().Bytes()), nil
}

// OpenWeb returns a channel; nothing is dialled yet.
func OpenWeb(c carpel.Channel, secrets map[string]string, o Options) (*Web, error) {
	w := &Web{options: o}
	if err := delivery.ReadSettings(c.Settings, &w.settings); err != nil {
		return nil, err
	}
	if err := delivery.CheckSecrets(secrets, VAPIDKey); err != nil {
		return nil, err
	}
	if s := w.settings.Subject; !strings.HasPrefix(s, "mailto:") && !strings.HasPrefix(s, "https://") || len(s) > 500 {
		return nil, delivery.SettingError("subject", "push services reach you by it: mailto:push@example.com, or an address of https")
	}
	var err error
	if w.public, err = PublicKey(secrets[VAPIDKey]); err != nil {
		return nil, delivery.SecretError(VAPIDKey, "%v", err)
	}
	b, _ := base64.RawURLEncoding.DecodeString(strings.TrimRight(secrets[VAPIDKey], "=")) // as PublicKey did
	if w.key, err = ecdsa.ParseRawPrivateKey(elliptic.P256(), b); err != nil {
		return nil, delivery.SecretError(VAPIDKey, "%v", err)
	}
	return w, nil
}

// subscription is what a browser gives out.
type subscription struct {
	Endpoint string `json:"endpoint"`
	Keys     struct {
		P256dh string `json:"p256dh"`
		Auth   string `json:"auth"`
	} `json:"keys"`
}

// Send implements delivery.Channel.
func (w *Web) Send(ctx context.Context, m *carpel.Message) delivery.Outcome {
	now := w.options.Now()
	p, expires, err := open(m, now)
	if err != nil {
		return refused(err)
	}
	var to subscription
	bad := delivery.Outcome{Result: delivery.Bounced, Detail: "it is no subscription of a browser"}
	if json.Unmarshal([]byte(p.Token), &to) != nil {
		return bad
	}
	at, err := url.Parse(to.Endpoint)
	if err != nil || at.Scheme != "https" || at.Host == "" {
		return bad
	}
	plain, err := json.Marshal(map[string]any{"title": p.Title, "body": p.Body, "link": p.Link, "image": p.Image, "data": p.Data, deliveryKey: m.Delivery})
	if err != nil || len(plain) > maxWebMessage {
		return refused(fmt.Errorf("the message has %d bytes; a browser takes %d", len(plain), maxWebMessage))
	}
	once, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return delivery.Outcome{Result: delivery.Failed, Detail: "no key could be made"}
	}
	salt := make([]byte, 16)
	rand.Read(salt) // never fails
	body, err := seal(plain, to, once, salt)
	if err != nil {
		return bad
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to.Endpoint, bytes.NewReader(body))
	if err != nil {
		return bad
	}
	token, err := signToken(w.key, map[string]any{}, map[string]any{"aud": at.Scheme + "://" + at.Host, "exp": now.Add(12 * time.Hour).Unix(), "sub": w.settings.Subject})
	if err != nil {
		return delivery.Outcome{Result: delivery.Failed, Detail: err.Error()}
	}
	ttl := webTTL
	if !expires.IsZero() {
		ttl = min(ttl, int(expires.Sub(now).Seconds()))
	}
	for name, value := range map[string]string{"Authorization": "vapid t=" + token + ", k=" + w.public, "Content-Encoding": "aes128gcm", "Content-Type": "application/octet-stream", "TTL": strconv.Itoa(ttl), "Urgency": "normal"} {
		r.Header.Set(name, value)
	}
	if p.CollapseID != "" {
		sum := sha256.Sum256([]byte(p.CollapseID))
		r.Header.Set("Topic", base64.RawURLEncoding.EncodeToString(sum[:24])) // 32 letters, as RFC 8030 allows
	}
	answer, err := w.options.Outbound.Call(r, now)
	if err != nil {
		return delivery.Unanswered(err)
	}
	o := delivery.Outcome{Result: delivery.Refused, Detail: answer.Words()}
	switch code := answer.Status; {
	case code >= 200 && code <= 299:
		o.Result = delivery.Accepted
	case code == http.StatusNotFound, code == http.StatusGone:
		o.Result = delivery.Bounced
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		o.Result = delivery.Failed
	case code == http.StatusTooManyRequests, code >= 500:
		o.Result, o.RetryAfter = delivery.Deferred, answer.RetryAfter
	}
	return o
}

// seal encrypts a message for a browser (RFC 8291):
//
//	salt:16 record size:uint32 key length:1 key once:65 AES-128-GCM(plain 2)
func seal(plain []byte, to subscription, once *ecdh.PrivateKey, salt []byte) ([]byte, error) {
	theirs, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(to.Keys.P256dh, "="))
	if err != nil {
		return nil, err
	}
	auth, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(to.Keys.Auth, "="))
	if err != nil || len(auth) < 16 {
		return nil, errors.New("no secret")
	}
	public, err := ecdh.P256().NewPublicKey(theirs)
	if err != nil {
		return nil, err
	}
	shared, err := once.ECDH(public)
	if err != nil {
		return nil, err
	}
	ours := once.PublicKey().Bytes()
	material, err := hkdf.Key(sha256.New, shared, auth, "WebPush: info\x00"+string(theirs)+string(ours), 32)
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, material, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, err
	}
	nonce, err := hkdf.Key(sha256.New, material, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	out := binary.BigEndian.AppendUint32(bytes.Clone(salt), 4096)
	out = append(append(out, byte(len(ours))), ours...)
	return gcm.Seal(out, nonce, append(bytes.Clone(plain), 2), nil), nil
}

// Check implements delivery.Checker: there is nothing to connect to before a browser subscribes.
func (w *Web) Check(context.Context) error { return nil }

// Close implements delivery.Channel.
func (w *Web) Close() error { return nil }
