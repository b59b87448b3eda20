// Package secret keeps the installation's key ring: it seals what is kept at rest (channels' passwords), makes and
// reads the opaque tokens of links (clicks, opens, unsubscribes), and hashes addresses that are suppressed.
//
// The ring is one JSON file beside the records, readable by its owner alone:
//
//	{"keys": [{"id": 2, "key": "base64 of 32 bytes", "made": "2026-…"}, {"id": 1, …}], "hash": "base64 of 32 bytes"}
//
// The first key seals, every key opens. A ring is part of a backup: without it nothing sealed can be read, no link of a
// message that is out works, and no suppressed address is known again.
package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Ring is a key ring. Safe for concurrent use: it does not change.
//
//	sealed = id:uint32 nonce:12 AES-256-GCM(plain, additional data = purpose)
type Ring struct {
	keys []key // the first seals
	hash []byte
}

type key struct {
	id   uint32
	aead cipher.AEAD
}

// ErrSealed is why something sealed is not opened: it was changed, sealed for another purpose or by a key that is
// not in the ring.
var ErrSealed = errors.New("not sealed by this key ring, or not for this purpose")

type ringFile struct {
	Keys []keyFile `json:"keys"`
	Hash []byte    `json:"hash"`
}

type keyFile struct {
	ID   uint32    `json:"id"`
	Key  []byte    `json:"key"`
	Made time.Time `json:"made"`
}

// Open reads the ring in the file at path, or makes one with one key when there is no such file. It is on the disk when
// Open returns.
func Open(path string, now time.Time) (*Ring, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		f := ringFile{Keys: []keyFile{{ID: 1, Key: random(32), Made: now.UTC()}}, Hash: random(32)}
		if err := f.write(path); err != nil {
			return nil, fmt.Errorf("make key ring: %w", err)
		}
		return f.ring()
	}
	if err != nil {
		return nil, fmt.Errorf("read key ring: %w", err)
	}
	return Parse(b)
}

// Parse reads a ring from the bytes of its file.
func Parse(b []byte) (*Ring, error) {
	var f ringFile
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, fmt.Errorf("read key ring: %w", err)
	}
	return f.ring()
}

// Rotate puts a new key first into the ring's file; what older keys sealed is opened as before. It returns the new ring.
func Rotate(path string, now time.Time) (*Ring, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read key ring: %w", err)
	}
	var f ringFile
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, fmt.Errorf("read key ring: %w", err)
	}
	if _, err := f.ring(); err != nil {
		return nil, err
	}
	f.Keys = append([]keyFile{{ID: f.Keys[0].ID + 1, Key: random(32), Made: now.UTC()}}, f.Keys...)
	if err := f.write(path); err != nil {
		return nil, fmt.Errorf("write key ring: %w", err)
	}
	return f.ring()
}

func (f ringFile) ring() (*Ring, error) {
	if len(f.Keys) == 0 || len(f.Hash) != 32 {
		return nil, errors.New("read key ring: it has no key")
	}
	r := &Ring{hash: f.Hash}
	for _, k := range f.Keys {
		if len(k.Key) != 32 {
			return nil, fmt.Errorf("read key ring: key %d has %d bytes, not 32", k.ID, len(k.Key))
		}
		block, err := aes.NewCipher(k.Key)
		if err != nil {
			return nil, err
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, err
		}
		r.keys = append(r.keys, key{k.ID, aead})
	}
	return r, nil
}

// write replaces the file in one step.
func (f ringFile) write(path string) (err error) {
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+"-*") // made with mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(temp.Name())
		}
	}()
	_, err = temp.Write(append(b, '\n'))
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err = os.Rename(temp.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Seal encrypts plain for a purpose ("channel ws_… ch_…"): only Open with the same purpose reads it.
func (r *Ring) Seal(purpose string, plain []byte) []byte {
	k := r.keys[0]
	out := binary.BigEndian.AppendUint32(make([]byte, 0, 4+k.aead.NonceSize()+len(plain)+k.aead.Overhead()), k.id)
	out = append(out, random(k.aead.NonceSize())...)
	return k.aead.Seal(out, out[4:], plain, []byte(purpose))
}

// Open returns what was sealed; ErrSealed for anything else.
func (r *Ring) Open(purpose string, sealed []byte) ([]byte, error) {
	if len(sealed) < 4 {
		return nil, ErrSealed
	}
	id := binary.BigEndian.Uint32(sealed)
	for _, k := range r.keys {
		if n := 4 + k.aead.NonceSize(); k.id == id && len(sealed) >= n {
			plain, err := k.aead.Open(nil, sealed[4:n], sealed[n:], []byte(purpose))
			if err != nil {
				return nil, ErrSealed
			}
			return plain, nil
		}
	}
	return nil, ErrSealed
}

// Token seals for an address (URL): opaque, and what it holds can be neither read nor changed.
func (r *Ring) Token(purpose string, plain []byte) string {
	return base64.RawURLEncoding.EncodeToString(r.Seal(purpose, plain))
}

// ReadToken opens a token; ErrSealed for anything that is none for this purpose.
func (r *Ring) ReadToken(purpose, token string) ([]byte, error) {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return nil, ErrSealed
	}
	return r.Open(purpose, sealed)
}

// Hash returns the keyed hash (HMAC-SHA-256, hexadecimal) of parts. It does not change when keys rotate.
func (r *Ring) Hash(parts ...string) string {
	h := hmac.New(sha256.New, r.hash)
	for _, p := range parts {
		h.Write(binary.AppendUvarint(nil, uint64(len(p))))
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil))
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return b
}
