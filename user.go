package carpel

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// User is somebody who works with Carpel, as others of a workspace see them. A person is a customer; a user never is.
type User struct {
	ID        string    `json:"id"` // usr_…
	Email     string    `json:"email"`
	Name      string    `json:"name"`
	Role      Role      `json:"role"` // in the workspace that was asked about
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at,omitzero"` // to the hour
}

// Role is what a user may do in a workspace. Each includes those before it.
type Role string

// The roles.
const (
	Viewer Role = "viewer" // reads everything
	Editor Role = "editor" // changes segments, people and imports
	Sender Role = "sender" // sends messages
	Admin  Role = "admin"  // users, keys, settings, erasure
)

// Roles are all roles, each before those that include it.
func Roles() []Role { return []Role{Viewer, Editor, Sender, Admin} }

// ParseRole returns the role of that name; CodeInvalid at the pointer /role for anything else.
func ParseRole(s string) (Role, error) {
	if r := Role(s); slices.Contains(Roles(), r) {
		return r, nil
	}
	return "", &Error{Code: CodeInvalid, Pointer: "/role", Message: fmt.Sprintf("%.20q is no role; there are viewer, editor, sender and admin", s)}
}

// CheckUserEmail refuses what is not one plain address: CodeInvalid at the pointer /email. It returns the address as it
// is kept, in lower case.
func CheckUserEmail(s string) (string, error) {
	at := strings.LastIndexByte(s, '@')
	bad := at < 1 || at == len(s)-1 || len(s) > MaxIDBytes || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || strings.ContainsRune(`"<>(),;:\`, r) || r == 0x7f })
	if bad {
		return "", &Error{Code: CodeInvalid, Pointer: "/email", Message: fmt.Sprintf("%.60q is no email address", s)}
	}
	return strings.ToLower(s), nil
}
