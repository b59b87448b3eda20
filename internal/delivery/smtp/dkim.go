package smtp

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/carpel/carpel/internal/delivery"
)

// Key is a key that signs for a domain, known by DNS under its selector.
type Key struct {
	Domain, Selector string
	Signer           crypto.Signer
}

// signed are the headers that a signature covers, those that a message has. From stands twice: none can be added.
var signed = []string{"From", "From", "Reply-To", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post",
	"List-Id", "Feedback-ID", "MIME-Version", "Content-Type"}

// sign puts a signature of each key before a message.
func sign(message []byte, keys []Key) ([]byte, error) {
	if len(keys) == 0 {
		return message, nil
	}
	head, _, _ := bytes.Cut(message, []byte("\r\n\r\n"))
	has := func(name string) bool {
		return bytes.HasPrefix(head, []byte(name+":")) || bytes.Contains(head, []byte("\r\n"+name+":"))
	}
	var covers []string
	for _, name := range signed {
		if has(name) {
			covers = append(covers, name)
		}
	}
	var signatures strings.Builder
	for _, k := range keys {
		s, err := dkim.NewSigner(&dkim.SignOptions{Domain: k.Domain, Selector: k.Selector, Signer: k.Signer, HeaderKeys: covers,
			HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed})
		if err != nil {
			return nil, fmt.Errorf("sign for %s: %w", k.Domain, err)
		}
		_, err = s.Write(message)
		if closed := s.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return nil, fmt.Errorf("sign for %s: %w", k.Domain, err)
		}
		signatures.WriteString(s.Signature())
	}
	return append([]byte(signatures.String()), message...), nil
}

// keys are the channel's.
func (s Settings) keys(secrets map[string]string) (all []Key, err error) {
	for _, k := range []struct{ secret, selector string }{{DKIMRSA, s.DKIMSelector}, {DKIMEd25519, s.DKIMSelector + "-ed"}} {
		if secrets[k.secret] == "" {
			continue
		}
		signer, err := key(secrets[k.secret])
		if err == nil {
			if _, rsaKey := signer.(*rsa.PrivateKey); rsaKey != (k.secret == DKIMRSA) {
				err = fmt.Errorf("it is a key of another kind")
			}
		}
		if err != nil {
			return nil, delivery.SecretError(k.secret, "%v", err)
		}
		all = append(all, Key{s.DKIMDomain, k.selector, signer})
	}
	return all, nil
}

// NewKeys makes the keys of a channel that signs: RSA of 2048 bits, which everybody verifies, and Ed25519.
func NewKeys() (map[string]string, error) {
	long, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	_, short, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	made := map[string]string{}
	for name, k := range map[string]any{DKIMRSA: long, DKIMEd25519: short} {
		der, err := x509.MarshalPKCS8PrivateKey(k)
		if err != nil {
			return nil, fmt.Errorf("make a key: %w", err)
		}
		made[name] = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	}
	return made, nil
}

// Record is the name and the text of the DNS record by which a key is known.
func (k Key) Record() (name, text string, err error) {
	name = k.Selector + "._domainkey." + k.Domain
	switch public := k.Signer.Public().(type) {
	case ed25519.PublicKey:
		return name, "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public), nil
	default:
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			return "", "", fmt.Errorf("public key: %w", err)
		}
		return name, "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der), nil
	}
}
