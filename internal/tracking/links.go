package tracking

import (
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/render"
)

// Links makes the links of one delivery. A link that leads anywhere but to the web stays as it is, and so does one of ours.
func (t *Tracker) Links(workspace string, d carpel.Delivery) render.Links {
	base := t.o.PublicURL()
	preferences := base + pathUnsubscribe + ticket{workspace, d.ID, d.Person}.token(t.o.Ring, forUnsubscribe)
	l := render.Links{
		Link: func(url string) string {
			if !isDestination(url) || strings.HasPrefix(url, base+"/m/") {
				return url
			}
			return base + pathClick + ticket{workspace, d.ID, url}.token(t.o.Ring, forClick)
		},
		Pixel:       base + pathOpen + ticket{workspace, d.ID, ""}.token(t.o.Ring, forOpen),
		Preferences: preferences,
	}
	if d.Consent {
		l.Unsubscribe = preferences
	}
	return l
}
