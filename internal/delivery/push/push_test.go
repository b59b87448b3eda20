package push

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/delivery"
	"github.com/carpel/carpel/internal/outbound"
)

// request is a call that a server got.
type request struct {
	method, path, protocol string
	header                 http.Header
	body                   []byte
}

// service is a push service: HTTP/2 over TLS, which keeps the calls it gets and answers as a test says.
type service struct {
	*httptest.Server
	mu     sync.Mutex
	calls  []request                                     // guarded by mu
	answer func(w http.ResponseWriter, path string) bool // false: the service's own answer; guarded by mu
	now    time.Time
}

func newService(t *testing.T) *service {
	t.Helper()
	s := &service{now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.calls = append(s.calls, request{r.Method, r.URL.Path, r.Proto, r.Header.Clone(), body})
		answer, n := s.answer, len(s.calls)
		s.mu.Unlock()
		if answer != nil && answer(w, r.URL.Path) {
			return
		}
		if r.URL.Path == "/token" {
			fmt.Fprintf(w, `{"access_token":"token %d","expires_in":3600,"token_type":"Bearer"}`, n)
		}
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// says lets the service answer every call but for tokens with a status, a body and headers.
func (s *service) says(status int, body string, headers ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = func(w http.ResponseWriter, path string) bool {
		if path == "/token" {
			return false
		}
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
		return true
	}
}

// took returns the calls since the last time, and forgets them.
func (s *service) took() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.calls
	s.calls = nil
	return all
}

func (s *service) options(t *testing.T) Options {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	out := outbound.New(outbound.Options{Roots: roots, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}})
	t.Cleanup(out.CloseIdle)
	return Options{Outbound: out, Now: func() time.Time { return s.now }, FCM: s.URL, APNs: s.URL}
}

func pkcs8(t *testing.T, k any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// claims verifies a token with its public key, by another implementation than the one that made it.
func claims(t *testing.T, token string, public crypto.PublicKey, algorithm jose.SignatureAlgorithm) (map[string]any, jose.Header) {
	t.Helper()
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{algorithm})
	if err != nil {
		t.Fatalf("%v: %s", err, token)
	}
	var all map[string]any
	if err := parsed.Claims(public, &all); err != nil {
		t.Errorf("the signature: %v", err)
	}
	return all, parsed.Headers[0]
}

func message(token string) *carpel.Message {
	return &carpel.Message{Delivery: "dlv_abc", Recipient: token, Push: &carpel.PushMessage{Token: token, Title: "Hello", Body: "Grüße", Link: "https://example.com/a", Image: "https://example.com/i.png",
		Data: map[string]string{"k": "v", "aps": "evil", deliveryKey: "evil"}, CollapseID: "news", Expiry: "2026-11-24T13:00:00Z"}}
}

const device = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0"

func newFCM(t *testing.T, s *service) (*FCM, *rsa.PrivateKey) {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	file, _ := json.Marshal(map[string]string{"type": "service_account", "project_id": "shop-1", "client_email": "push@shop-1.example", "private_key": pkcs8(t, k), "private_key_id": "kid1", "token_uri": s.URL + "/token"})
	f, err := OpenFCM(carpel.Channel{}, map[string]string{ServiceAccount: string(file)}, s.options(t))
	if err != nil {
		t.Fatal(err)
	}
	return f, k
}

// TestFCM logs in once for many messages, with a claim that verifies, and again when the token ages or is not taken.
func TestFCM(t *testing.T) {
	s := newService(t)
	f, k := newFCM(t, s)
	if err := f.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	login := s.took()
	form := string(login[0].body)
	assertion := form[strings.Index(form, "assertion=")+len("assertion="):]
	assertion, _, _ = strings.Cut(assertion, "&")
	all, header := claims(t, assertion, k.Public(), jose.RS256)
	if len(login) != 1 || !strings.Contains(form, "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer") || header.KeyID != "kid1" || all["iss"] != "push@shop-1.example" || all["aud"] != s.URL+"/token" || all["scope"] != fcmScope || all["exp"] != float64(s.now.Add(time.Hour).Unix()) {
		t.Errorf("%v, %v, %s", all, header, form)
	}
	for range 2 {
		if o := f.Send(t.Context(), message("device 1")); o.Result != delivery.Accepted {
			t.Fatal(o)
		}
	}
	sent := s.took()
	if len(sent) != 2 || sent[0].path != "/v1/projects/shop-1/messages:send" || sent[0].protocol != "HTTP/2.0" || sent[0].header.Get("Authorization") != "Bearer token 1" {
		t.Fatalf("%+v", sent)
	}
	var got, want any
	_ = json.Unmarshal(sent[0].body, &got)
	_ = json.Unmarshal([]byte(`{"message":{"token":"device 1","notification":{"title":"Hello","body":"Grüße","image":"https://example.com/i.png"},
		"data":{"k":"v","aps":"evil","carpel_delivery":"dlv_abc","link":"https://example.com/a"},"android":{"collapse_key":"news","ttl":"3600s"},
		"apns":{"headers":{"apns-collapse-id":"news","apns-expiration":"1795525200"}}}}`), &want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	s.now = s.now.Add(59*time.Minute + time.Second) // within the minute before the token ends
	m := message("device 1")
	m.Push.Expiry = ""
	f.Send(t.Context(), m)
	if again := s.took(); len(again) != 2 || again[0].path != "/token" {
		t.Errorf("an old token is used: %+v", again)
	}
	s.says(401, `{"error":{"code":401,"status":"UNAUTHENTICATED","message":"expired"}}`)
	if o := f.Send(t.Context(), m); o.Result != delivery.Failed {
		t.Error(o)
	}
	s.took()
	s.says(200, `{"name":"projects/shop-1/messages/1"}`)
	f.Send(t.Context(), m)
	if again := s.took(); len(again) != 2 || again[0].path != "/token" {
		t.Errorf("a token that was not taken is used again: %+v", again)
	}
}

// TestFCMOutcomes has what FCM answers.
func TestFCMOutcomes(t *testing.T) {
	s := newService(t)
	f, _ := newFCM(t, s)
	fault := func(status, code, more string) string {
		return `{"error":{"status":"` + status + `","message":"words","details":[{"@type":"type.googleapis.com/google.firebase.fcm.v1.FcmError","errorCode":"` + code + `"}` + more + `]}}`
	}
	for name, row := range map[string]struct {
		status  int
		body    string
		headers []string
		want    delivery.Result
		after   time.Duration
	}{
		"unregistered":   {404, fault("NOT_FOUND", "UNREGISTERED", ""), nil, delivery.Bounced, 0},
		"no token":       {400, fault("INVALID_ARGUMENT", "INVALID_ARGUMENT", `,{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"message.token"}]}`), nil, delivery.Bounced, 0},
		"bad message":    {400, fault("INVALID_ARGUMENT", "INVALID_ARGUMENT", `,{"fieldViolations":[{"field":"message.data"}]}`), nil, delivery.Refused, 0},
		"another sender": {403, fault("PERMISSION_DENIED", "SENDER_ID_MISMATCH", ""), nil, delivery.Refused, 0},
		"no permission":  {403, fault("PERMISSION_DENIED", "", ""), nil, delivery.Failed, 0},
		"no project":     {404, "<html>not found</html>", nil, delivery.Failed, 0},
		"quota":          {429, fault("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", ""), nil, delivery.Deferred, time.Minute},
		"quota, told":    {429, fault("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", ""), []string{"Retry-After", "300"}, delivery.Deferred, 5 * time.Minute},
		"unavailable":    {503, fault("UNAVAILABLE", "UNAVAILABLE", ""), []string{"Retry-After", "30"}, delivery.Deferred, 30 * time.Second},
		"internal":       {500, fault("INTERNAL", "INTERNAL", ""), nil, delivery.Deferred, 0},
		"APNs' key":      {401, fault("UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR", ""), nil, delivery.Failed, 0},
	} {
		s.says(row.status, row.body, row.headers...)
		if o := f.Send(t.Context(), message("device 1")); o.Result != row.want || o.RetryAfter != row.after || o.Detail == "" {
			t.Errorf("%s: %+v", name, o)
		}
	}
	expired := message("x")
	expired.Push.Expiry = "2026-11-24T12:00:00Z"
	if o := f.Send(t.Context(), expired); o.Result != delivery.Refused {
		t.Error(o)
	}
	// The log-in that fails is the account's fault, one that is not answered nobody's.
	for status, want := range map[int]delivery.Result{400: delivery.Failed, 401: delivery.Failed, 503: delivery.Deferred} {
		fresh, _ := newFCM(t, s)
		s.mu.Lock()
		s.answer = func(w http.ResponseWriter, _ string) bool { w.WriteHeader(status); return true }
		s.mu.Unlock()
		s.took()
		if o := fresh.Send(t.Context(), message("x")); o.Result != want {
			t.Errorf("log-in with %d: %+v", status, o)
		}
		if calls := s.took(); len(calls) != 1 {
			t.Errorf("%d calls without a token", len(calls))
		}
	}
}

func newAPNs(t *testing.T, s *service) (*APNs, *ecdsa.PrivateKey) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a, err := OpenAPNs(carpel.Channel{Settings: map[string]any{"key_id": "ABC123DEFG", "team_id": "DEF123GHIJ", "topic": "com.example.shop"}}, map[string]string{APNsKey: pkcs8(t, k)}, s.options(t))
	if err != nil {
		t.Fatal(err)
	}
	return a, k
}

// TestAPNs has every header, a token that verifies and is used for a while, and the same id for the same delivery.
func TestAPNs(t *testing.T) {
	s := newService(t)
	a, k := newAPNs(t, s)
	for range 2 {
		if o := a.Send(t.Context(), message(device)); o.Result != delivery.Accepted {
			t.Fatal(o)
		}
	}
	calls := s.took()
	if len(calls) != 2 || calls[0].path != "/3/device/"+device || calls[0].protocol != "HTTP/2.0" || calls[0].method != "POST" {
		t.Fatalf("%+v", calls)
	}
	h := calls[0].header
	all, header := claims(t, strings.TrimPrefix(h.Get("Authorization"), "bearer "), k.Public(), jose.ES256)
	if header.KeyID != "ABC123DEFG" || all["iss"] != "DEF123GHIJ" || all["iat"] != float64(s.now.Unix()) || len(all) != 2 {
		t.Errorf("%v, %v", all, header)
	}
	for name, want := range map[string]string{"Apns-Topic": "com.example.shop", "Apns-Push-Type": "alert", "Apns-Priority": "10", "Apns-Collapse-Id": "news", "Apns-Expiration": "1795525200", "Apns-Id": calls[1].header.Get("Apns-Id")} {
		if h.Get(name) != want {
			t.Errorf("%s: %q", name, h.Get(name))
		}
	}
	if id := h.Get("Apns-Id"); len(id) != 36 || id == apnsID("dlv_abd") || id[14] != '8' {
		t.Errorf("the id %q", id)
	}
	if calls[1].header.Get("Authorization") != h.Get("Authorization") {
		t.Error("each message has a token of its own")
	}
	var got, want any
	_ = json.Unmarshal(calls[0].body, &got)
	_ = json.Unmarshal([]byte(`{"aps":{"alert":{"title":"Hello","body":"Grüße"},"sound":"default","mutable-content":1},"k":"v","link":"https://example.com/a","image":"https://example.com/i.png","carpel_delivery":"dlv_abc"}`), &want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	s.now = s.now.Add(tokenLasts)
	a.Send(t.Context(), message(device))
	if again := s.took(); again[0].header.Get("Authorization") == h.Get("Authorization") {
		t.Error("the token is used for more than an hour")
	}
	// A token that Apple calls expired is made anew, and the message goes out.
	s.mu.Lock()
	s.now = s.now.Add(time.Second)
	first := true
	s.answer = func(w http.ResponseWriter, _ string) bool {
		if first {
			first = false
			w.WriteHeader(403)
			_, _ = io.WriteString(w, `{"reason":"ExpiredProviderToken"}`)
			return true
		}
		return false
	}
	s.mu.Unlock()
	m := message(device)
	m.Push.Expiry = ""
	if o := a.Send(t.Context(), m); o.Result != delivery.Accepted {
		t.Error(o)
	}
	if calls := s.took(); len(calls) != 2 || calls[0].header.Get("Authorization") == calls[1].header.Get("Authorization") {
		t.Errorf("%d calls, or the same token", len(calls))
	}
}

// TestAPNsOutcomes has what Apple answers, and what a check makes of it.
func TestAPNsOutcomes(t *testing.T) {
	s := newService(t)
	a, _ := newAPNs(t, s)
	for reason, row := range map[string]struct {
		status int
		want   delivery.Result
		check  string // pointer; "ok" for none
	}{
		"Unregistered": {410, delivery.Bounced, "/secrets/key"}, "ExpiredToken": {410, delivery.Bounced, "/secrets/key"}, "BadDeviceToken": {400, delivery.Bounced, "ok"}, "DeviceTokenNotForTopic": {400, delivery.Bounced, "/settings/topic"},
		"TooManyRequests": {429, delivery.Deferred, "/secrets/key"}, "ServiceUnavailable": {503, delivery.Deferred, "/secrets/key"}, "InternalServerError": {500, delivery.Deferred, "/secrets/key"},
		"PayloadTooLarge": {413, delivery.Refused, "/secrets/key"}, "BadCollapseId": {400, delivery.Refused, "/secrets/key"}, "InvalidProviderToken": {403, delivery.Failed, "/secrets/key"},
		"ExpiredProviderToken": {403, delivery.Failed, "/secrets/key"}, "TopicDisallowed": {400, delivery.Failed, "/settings/topic"},
	} {
		s.says(row.status, `{"reason":"`+reason+`"}`, "Retry-After", "20")
		o := a.Send(t.Context(), message(device))
		if o.Result != row.want || !strings.Contains(o.Detail, reason) || (o.RetryAfter == 20*time.Second) != (row.want == delivery.Deferred) {
			t.Errorf("%s: %+v", reason, o)
		}
		err, _ := a.Check(t.Context()).(*carpel.Error)
		if row.check == "ok" && err != nil || row.check != "ok" && (err == nil || err.Pointer != row.check) {
			t.Errorf("the check with %s: %v", reason, err)
		}
	}
	s.took()
	for _, bad := range []string{"", "zz", "../../x", device + "/x"} {
		if o := a.Send(t.Context(), message(bad)); o.Result != delivery.Bounced || len(s.took()) > 0 {
			t.Errorf("%q: %+v", bad, o)
		}
	}
	m := message(device)
	m.Push.CollapseID = strings.Repeat("x", 65)
	if o := a.Send(t.Context(), m); o.Result != delivery.Refused {
		t.Error(o)
	}
}

func decode(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestSeal is the example of RFC 8291, section 5.
func TestSeal(t *testing.T) {
	once, err := ecdh.P256().NewPrivateKey(decode(t, "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"))
	if err != nil {
		t.Fatal(err)
	}
	var to subscription
	to.Keys.P256dh, to.Keys.Auth = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4", "BTBZMqHH6r4Tts7J_aSIgg"
	got, err := seal([]byte("When I grow up, I want to be a watermelon"), to, once, decode(t, "DGv6ra1nlYgDCS1FRnbzlw"))
	if err != nil {
		t.Fatal(err)
	}
	const want = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
	if s := base64.RawURLEncoding.EncodeToString(got); s != want {
		t.Errorf("%s\nis not\n%s", s, want)
	}
}

// TestWeb delivers to a browser's subscription: its payload opens with the browser's key, and the token shows who sends.
func TestWeb(t *testing.T) {
	s := newService(t)
	private, err := NewVAPIDKey()
	if err != nil {
		t.Fatal(err)
	}
	w, err := OpenWeb(carpel.Channel{Settings: map[string]any{"subject": "mailto:push@example.com"}}, map[string]string{VAPIDKey: private}, s.options(t))
	if err != nil {
		t.Fatal(err)
	}
	browser, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	auth := make([]byte, 16)
	rand.Read(auth)
	to, _ := json.Marshal(map[string]any{"endpoint": s.URL + "/push/1", "expirationTime": nil, "keys": map[string]string{"p256dh": base64.RawURLEncoding.EncodeToString(browser.PublicKey().Bytes()), "auth": base64.RawURLEncoding.EncodeToString(auth)}})
	s.says(201, "")
	if o := w.Send(t.Context(), message(string(to))); o.Result != delivery.Accepted {
		t.Fatal(o)
	}
	call := s.took()[0]
	if call.path != "/push/1" || call.header.Get("TTL") != "3600" || call.header.Get("Content-Encoding") != "aes128gcm" || len(call.header.Get("Topic")) != 32 || call.header.Get("Urgency") != "normal" {
		t.Errorf("%+v", call)
	}
	token, key, _ := strings.Cut(strings.TrimPrefix(call.header.Get("Authorization"), "vapid t="), ", k=")
	point := decode(t, key)
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		t.Fatal(err)
	}
	if all, _ := claims(t, token, public, jose.ES256); all["aud"] != s.URL || all["sub"] != "mailto:push@example.com" || all["exp"] != float64(s.now.Add(12*time.Hour).Unix()) {
		t.Errorf("%v", all)
	}
	if shown, err := PublicKey(private); err != nil || shown != key {
		t.Errorf("the browser was shown another key: %s, %s, %v", shown, key, err)
	}
	var got map[string]any
	if err := json.Unmarshal(openSealed(t, call.body, browser, auth), &got); err != nil || got["title"] != "Hello" || got["body"] != "Grüße" || got["link"] != "https://example.com/a" || got[deliveryKey] != "dlv_abc" {
		t.Errorf("%v, %v", got, err)
	}
	for status, want := range map[int]delivery.Result{404: delivery.Bounced, 410: delivery.Bounced, 400: delivery.Refused, 413: delivery.Refused, 401: delivery.Failed, 403: delivery.Failed, 429: delivery.Deferred, 502: delivery.Deferred, 302: delivery.Refused} {
		s.says(status, "words", "Retry-After", "9", "Location", "/other")
		if o := w.Send(t.Context(), message(string(to))); o.Result != want || (o.RetryAfter == 9*time.Second) != (want == delivery.Deferred) {
			t.Errorf("%d: %+v", status, o)
		}
	}
	s.took()
	for _, bad := range []string{"", "{}", "token", `{"endpoint":"http://example.com/x"}`, strings.Replace(string(to), `"p256dh":"B`, `"p256dh":"C`, 1), strings.Replace(string(to), `"auth":"`, `"auth":"!`, 1)} {
		if o := w.Send(t.Context(), message(bad)); o.Result != delivery.Bounced || len(s.took()) > 0 {
			t.Errorf("%q: %+v", bad, o)
		}
	}
	long := message(string(to))
	long.Push.Body = strings.Repeat("x", 4000)
	if o := w.Send(t.Context(), long); o.Result != delivery.Refused {
		t.Error(o)
	}
}

// TestSettings are refused with a pointer at what is wrong.
func TestSettings(t *testing.T) {
	s := newService(t)
	o := s.options(t)
	k, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	fine := map[string]any{"key_id": "A", "team_id": "B", "topic": "c"}
	for name, row := range map[string]struct {
		open    func() error
		pointer string
	}{
		"FCM without": {func() error { _, err := OpenFCM(carpel.Channel{}, nil, o); return err }, "/secrets/service_account"},
		"FCM, no JSON": {func() error {
			_, err := OpenFCM(carpel.Channel{}, map[string]string{ServiceAccount: "x"}, o)
			return err
		}, "/secrets/service_account"},
		"FCM, a setting": {func() error { _, err := OpenFCM(carpel.Channel{Settings: map[string]any{"x": 1}}, nil, o); return err }, "/settings/x"},
		"APNs without":   {func() error { _, err := OpenAPNs(carpel.Channel{}, nil, o); return err }, "/settings/key_id"},
		"APNs, a header": {func() error {
			_, err := OpenAPNs(carpel.Channel{Settings: map[string]any{"key_id": "A", "team_id": "B", "topic": "c\r\nd"}}, nil, o)
			return err
		}, "/settings/topic"},
		"APNs, no key": {func() error { _, err := OpenAPNs(carpel.Channel{Settings: fine}, nil, o); return err }, "/secrets/key"},
		"APNs, a long key": {func() error {
			_, err := OpenAPNs(carpel.Channel{Settings: fine}, map[string]string{APNsKey: pkcs8(t, k)}, o)
			return err
		}, "/secrets/key"},
		"web without": {func() error { _, err := OpenWeb(carpel.Channel{}, nil, o); return err }, "/settings/subject"},
		"web, no key": {func() error {
			_, err := OpenWeb(carpel.Channel{Settings: map[string]any{"subject": "mailto:a@b.example"}}, map[string]string{VAPIDKey: "x"}, o)
			return err
		}, "/secrets/vapid_key"},
	} {
		if err, ok := row.open().(*carpel.Error); !ok || err.Pointer != row.pointer {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// openSealed is what a browser does with a payload (RFC 8188 and 8291), written from HMAC up: HKDF has one block here.
func openSealed(t *testing.T, body []byte, browser *ecdh.PrivateKey, auth []byte) []byte {
	t.Helper()
	mac := func(key []byte, parts ...string) []byte {
		h := hmac.New(sha256.New, key)
		for _, p := range parts {
			h.Write([]byte(p))
		}
		return h.Sum(nil)
	}
	salt, sender := body[:16], body[21:21+int(body[20])]
	theirs, err := ecdh.P256().NewPublicKey(sender)
	if err != nil {
		t.Fatal(err)
	}
	shared, err := browser.ECDH(theirs)
	if err != nil {
		t.Fatal(err)
	}
	material := mac(mac(auth, string(shared)), "WebPush: info\x00", string(browser.PublicKey().Bytes()), string(sender), "\x01")
	secret := mac(salt, string(material))
	block, err := aes.NewCipher(mac(secret, "Content-Encoding: aes128gcm\x00\x01")[:16])
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := gcm.Open(nil, mac(secret, "Content-Encoding: nonce\x00\x01")[:12], body[21+len(sender):], nil)
	if err != nil || plain[len(plain)-1] != 2 {
		t.Fatalf("it does not open: %v", err)
	}
	return plain[:len(plain)-1]
}
