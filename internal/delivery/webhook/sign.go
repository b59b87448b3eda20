package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/carpel/carpel"
)

// secretPrefix begins every secret of Standard Webhooks.
const secretPrefix = "whsec_"

// NewSecret makes a secret: whsec_ and 32 random bytes in base64.
func NewSecret() string {
	b := make([]byte, 32)
	rand.Read(b) // never fails
	return secretPrefix + base64.StdEncoding.EncodeToString(b)
}

// CheckSecret refuses what is no secret of Standard Webhooks: whsec_ and 24 to 64 bytes in base64.
func CheckSecret(secret string) error {
	b, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretPrefix))
	if err != nil || !strings.HasPrefix(secret, secretPrefix) || len(b) < 24 || len(b) > 64 {
		return carpel.Errorf(carpel.CodeInvalid, "a secret is whsec_ and 24 to 64 bytes in base64")
	}
	return nil
}

// Sign returns one signature of the header webhook-signature: v1 and the HMAC-SHA-256 of id, moment and body, as
// Standard Webhooks has it. The secret is one that [CheckSecret] takes.
func Sign(secret, id string, at time.Time, body []byte) string {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretPrefix))
	if err != nil {
		panic(fmt.Sprintf("webhook: signing with what is no secret: %v", err)) // was checked when it was taken
	}
	h := hmac.New(sha256.New, key)
	fmt.Fprintf(h, "%s.%s.", id, seconds(at))
	h.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(h.Sum(nil))
}

func seconds(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }

// signatures is the header's value for all secrets: while they rotate the receiver may know the old one or the new.
func signatures(secrets []string, id string, at time.Time, body []byte) string {
	all := make([]string, len(secrets))
	for i, s := range secrets {
		all[i] = Sign(s, id, at, body)
	}
	return strings.Join(all, " ")
}
