package smtp

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/mail"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/net/idna"

	"github.com/carpel/carpel/internal/delivery"
)

// Settings are those of a channel of SMTP.
type Settings struct {
	Host     string `json:"host"`
	Port     int    `json:"port"`     // default 587; with implicit TLS 465
	TLS      string `json:"tls"`      // starttls (default), implicit, or none: in the clear, without a password, for a server beside this one
	Username string `json:"username"` // "" for a server that asks for none
	From     string `json:"from"`     // "Name <address>" of messages whose template has none
	Hello    string `json:"hello"`    // name given to the server; default the domain of From

	// ReturnPath is a domain of which the mail comes to Carpel: bounces go to bounce+TOKEN there. "" lets them go to From.
	ReturnPath string `json:"return_path"`

	DKIMDomain   string `json:"dkim_domain"`   // signs for it; "" for no signature
	DKIMSelector string `json:"dkim_selector"` // default carpel; the Ed25519 key's is this and -ed

	Connections int `json:"connections"` // at once at most, 1 to 50; default 4
	Messages    int `json:"messages"`    // over one connection at most, 1 to 10,000; default 100
}

// The secrets of a channel of SMTP.
const (
	Password    = "password"
	DKIMRSA     = "dkim_rsa"     // private keys, PEM of PKCS#8 or PKCS#1
	DKIMEd25519 = "dkim_ed25519" // PEM of PKCS#8
)

// How a connection is secured.
const (
	tlsStart    = "starttls"
	tlsImplicit = "implicit"
	tlsNone     = "none"
)

// fill checks the settings and sets what was left out.
func (s *Settings) fill(secrets map[string]string) error {
	for _, text := range []struct {
		name  string
		value *string
	}{{"host", &s.Host}, {"hello", &s.Hello}, {"return_path", &s.ReturnPath}, {"dkim_domain", &s.DKIMDomain}} {
		name, err := domain(*text.value)
		if err != nil {
			return delivery.SettingError(text.name, "%.100q is no domain name", *text.value)
		}
		*text.value = name
	}
	set := func(s *string, to string) {
		if *s == "" {
			*s = to
		}
	}
	set(&s.TLS, tlsStart)
	set(&s.DKIMSelector, "carpel")
	from, err := sender(s.From)
	if err != nil {
		return delivery.SettingError("from", "it looks like Name <news@example.com>: %v", err)
	}
	set(&s.Hello, from.domain())
	number := func(n *int, otherwise int) {
		if *n == 0 {
			*n = otherwise
		}
	}
	number(&s.Port, map[string]int{tlsImplicit: 465}[s.TLS])
	number(&s.Port, 587)
	number(&s.Connections, 4)
	number(&s.Messages, 100)
	switch {
	case s.Host == "":
		return delivery.SettingError("host", "name the mail server")
	case s.TLS != tlsStart && s.TLS != tlsImplicit && s.TLS != tlsNone:
		return delivery.SettingError("tls", "%.20q is neither starttls, implicit nor none", s.TLS)
	case s.TLS == tlsNone && s.Username != "":
		return delivery.SettingError("tls", "a password does not go out in the clear: take starttls or implicit, or no username")
	case s.Port < 1 || s.Port > 65535:
		return delivery.SettingError("port", "%d is no port", s.Port)
	case s.Connections < 1 || s.Connections > 50:
		return delivery.SettingError("connections", "it is 1 to 50")
	case s.Messages < 1 || s.Messages > 10000:
		return delivery.SettingError("messages", "it is 1 to 10,000")
	case !label.MatchString(s.DKIMSelector) || len(s.DKIMSelector) > 60:
		return delivery.SettingError("dkim_selector", "it is letters, digits and -, at most 60")
	case strings.ContainsAny(s.Username+secrets[Password], "\x00"):
		return delivery.SettingError("username", "neither it nor the password may hold NUL")
	case s.DKIMDomain == "" && secrets[DKIMRSA]+secrets[DKIMEd25519] != "":
		return delivery.SettingError("dkim_domain", "the keys sign for a domain: name it")
	case s.DKIMDomain != "" && secrets[DKIMRSA]+secrets[DKIMEd25519] == "":
		return delivery.SecretError(DKIMRSA, "to sign for %s there must be a key", s.DKIMDomain)
	}
	return nil
}

var label = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$`)

// domain returns a domain name as it goes over the wire, or an IP address as it is; "" for "".
func domain(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	a, err := idna.Lookup.ToASCII(strings.TrimSuffix(s, "."))
	if err != nil || len(a) > 253 {
		return "", errors.New("it is no domain name")
	}
	for part := range strings.SplitSeq(a, ".") {
		if !label.MatchString(part) || len(part) > 63 {
			return "", errors.New("it is no domain name")
		}
	}
	return a, nil
}

// address is a plain address, as it goes over the wire.
type address struct{ name, at string }

func (a address) domain() string { return a.at[strings.LastIndexByte(a.at, '@')+1:] }

// header is the address as it stands in a header.
func (a address) header() string {
	if a.name == "" {
		return a.at
	}
	name := mail.Address{Name: a.name, Address: "x@x"}
	return strings.TrimSuffix(name.String(), "<x@x>") + "<" + a.at + ">"
}

// plain reads one plain address. The domain is in its ASCII form; the local part is as it was given.
func plain(s string) (address, error) {
	i := strings.LastIndexByte(s, '@')
	if i < 1 || len(s) > 320 || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) || r == '\ufffd' }) || strings.ContainsAny(s, `<>()[]:;,\"`) {
		return address{}, errors.New("it is no plain address")
	}
	at, err := domain(s[i+1:])
	if err != nil || at == "" || i > 64 {
		return address{}, errors.New("it is no plain address")
	}
	return address{at: s[:i] + "@" + at}, nil
}

// sender reads "Name <address>" or an address.
func sender(s string) (address, error) {
	if strings.ContainsAny(s, "\r\n\x00") {
		return address{}, errors.New("it holds a line break")
	}
	parsed, err := mail.ParseAddress(s)
	if err != nil {
		return address{}, errors.New("it is no address")
	}
	a, err := plain(parsed.Address)
	a.name = parsed.Name
	return a, err
}

// key reads a private key for DKIM.
func key(secret string) (crypto.Signer, error) {
	block, _ := pem.Decode([]byte(secret))
	if block == nil {
		return nil, errors.New("it is no private key in PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		if parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes); err != nil {
			return nil, errors.New("it is no private key of PKCS#8 or PKCS#1")
		}
	}
	switch k := parsed.(type) {
	case *rsa.PrivateKey:
		if n := k.N.BitLen(); n < 2048 || n > 4096 {
			return nil, errors.New("an RSA key has 2048 to 4096 bits")
		}
		return k, nil
	case ed25519.PrivateKey:
		return k, nil
	}
	return nil, errors.New("it is a key of neither RSA nor Ed25519")
}
