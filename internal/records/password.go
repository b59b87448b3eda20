package records

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/carpel/carpel"
)

// The cost of a password's hash: the second recommended option of RFC 9106 (64 MiB, 3 passes, 4 lanes). Hashes say
// what they were made with, so it can be raised.
const (
	argonTime    = 3
	argonMemory  = 64 << 10 // KiB
	argonThreads = 4
	argonKey     = 32
	argonSalt    = 16
)

// The length of a password, in characters and in bytes.
const (
	minPassword = 10
	maxPassword = 1024
)

// hashing bounds how many passwords are hashed at once, since each takes 64 MiB, and how many wait for that. Safe for
// concurrent use.
type hashing struct {
	line  chan struct{} // who waits or is at work
	slots chan struct{} // who is at work
}

const (
	hashedAtOnce  = 2
	hashesWaiting = 32
)

func newHashing() *hashing {
	return &hashing{line: make(chan struct{}, hashedAtOnce+hashesWaiting), slots: make(chan struct{}, hashedAtOnce)}
}

// take waits for a slot and returns the function that gives it back. CodeOverloaded when too many wait; ctx's error when
// that ends first.
func (h *hashing) take(ctx context.Context) (leave func(), err error) {
	select {
	case h.line <- struct{}{}:
	default:
		return nil, &carpel.Error{Code: carpel.CodeOverloaded, Limit: hashesWaiting, Actual: hashesWaiting + 1, Message: "too many people log in at this moment; try again in a few seconds"}
	}
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots; <-h.line }, nil
	case <-ctx.Done():
		<-h.line
		return nil, ctx.Err()
	}
}

func checkPassword(password string) error {
	n := utf8.RuneCountInString(password)
	if n >= minPassword && len(password) <= maxPassword {
		return nil
	}
	limit := int64(minPassword)
	if n >= minPassword {
		limit, n = maxPassword, len(password)
	}
	return &carpel.Error{Code: carpel.CodeLimit, Pointer: "/password", Limit: limit, Actual: int64(n),
		Message: fmt.Sprintf("a password has %d characters or more, and at most %d bytes; a few random words are good", minPassword, maxPassword)}
}

// hash returns the argon2id hash of a password in PHC form: $argon2id$v=19$m=65536,t=3,p=4$salt$hash.
func (h *hashing) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, argonSalt)
	rand.Read(salt) // never fails
	leave, err := h.take(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads, b64.EncodeToString(salt), b64.EncodeToString(key)), nil
}

// decoy is what the password of a user who has none, or is nobody, is compared with, so that the time taken does not
// tell who is there.
var decoy = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
	strings.Repeat("A", 22), strings.Repeat("A", 43))

// same reports whether hash is that of the password. false for a hash that cannot be read.
func (h *hashing) same(ctx context.Context, password, hash string) (bool, error) {
	var version, threads int
	var memory, time uint32
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || len(password) > maxPassword {
		return false, nil
	}
	if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &memory, &time, &threads); err != nil || version != argon2.Version {
		return false, nil
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	want, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(want) == 0 || time == 0 || threads < 1 || threads > 255 {
		return false, nil
	}
	leave, err := h.take(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	got := argon2.IDKey([]byte(password), salt, time, memory, uint8(threads), uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}
