package carpel

import "time"

// Workspace is one isolated world of people and segments, with a directory of its own.
type Workspace struct {
	ID        string    `json:"id"` // ws_…
	Name      string    `json:"name"`
	Zone      string    `json:"time_zone"` // IANA name; calendar windows, bare dates and days are local to it
	CreatedAt time.Time `json:"created_at"`
	Demo      Demo      `json:"demo,omitzero"`
}

// Demo says which made-up company a workspace holds. The zero value is that of a workspace of real data.
type Demo struct {
	People int    `json:"people"` // that it begins with
	Days   int    `json:"days"`   // of their history
	Seed   uint64 `json:"seed"`   // another seed makes another company
	Ready  bool   `json:"ready"`  // all of them are there; until then they are being made up
}
