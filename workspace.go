package carpel

import "time"

// Workspace is one isolated world of people and segments, with a directory of its own.
type Workspace struct {
	ID        string    `json:"id"` // ws_…
	Name      string    `json:"name"`
	Zone      string    `json:"time_zone"` // IANA name; calendar windows, bare dates and days are local to it
	CreatedAt time.Time `json:"created_at"`
}
