// Package push sends messages to devices: by FCM HTTP v1, by APNs with a token's authentication, and to browsers by web
// push (RFC 8030, 8291, 8292). Each message names its delivery, so that an app can tell what was opened.
package push

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/delivery"
	"github.com/carpel/carpel/internal/outbound"
)

// Options is what a channel works with.
type Options struct {
	Outbound *outbound.Outbound
	Now      func() time.Time
	FCM      string // default https://fcm.googleapis.com
	APNs     string // default Apple's, of the channel's environment
}

// deliveryKey is the name under which a message's data tell its delivery.
const deliveryKey = "carpel_delivery"

// open returns the push message of a message and when it expires, zero for never.
func open(m *carpel.Message, now time.Time) (p *carpel.PushMessage, expires time.Time, err error) {
	if m.Push == nil {
		return nil, expires, errors.New("the message is no push message")
	}
	if m.Push.Expiry != "" {
		if expires, err = time.Parse(time.RFC3339, m.Push.Expiry); err != nil {
			return nil, expires, errors.New("its expiry is no moment of RFC 3339")
		}
		if !expires.After(now) {
			return nil, expires, errors.New("it has expired")
		}
	}
	return m.Push, expires, nil
}

// refused is the outcome of a message that cannot be sent as it is.
func refused(err error) delivery.Outcome {
	return delivery.Outcome{Result: delivery.Refused, Detail: outbound.Words(err.Error())}
}

// signToken returns a signed JSON Web Token: ES256 for a key of P-256, RS256 for one of RSA.
func signToken(key crypto.Signer, header, claims map[string]any) (string, error) {
	header["typ"] = "JWT"
	header["alg"] = "RS256"
	private, isEC := key.(*ecdsa.PrivateKey)
	if isEC {
		header["alg"] = "ES256"
	}
	encode := func(v any) string {
		b, _ := json.Marshal(v) // of texts and numbers
		return base64.RawURLEncoding.EncodeToString(b)
	}
	unsigned := encode(header) + "." + encode(claims)
	sum := sha256.Sum256([]byte(unsigned))
	var signature []byte
	var err error
	if isEC {
		r, s, fault := ecdsa.Sign(rand.Reader, private, sum[:])
		if fault == nil {
			signature = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
		}
		err = fault
	} else {
		signature, err = key.Sign(rand.Reader, sum[:], crypto.SHA256)
	}
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return unsigned + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// key reads a private key in PEM of PKCS#8, of the type wanted.
func key[K *rsa.PrivateKey | *ecdsa.PrivateKey](text string) (K, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("it holds no private key in PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	k, ok := parsed.(K)
	if err != nil || !ok {
		return nil, errors.New("its private key is not of the right kind")
	}
	return k, nil
}
