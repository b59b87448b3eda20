package render_test

import (
	"os"
	"strings"
	"testing"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/render"
)

// A starter can be sent as it is, to somebody of whom nothing is known as well.
func TestStarters(t *testing.T) {
	for _, s := range render.Starters() {
		tp, err := render.Compile(s.Content)
		if err != nil {
			t.Errorf("%s: %v", s.Key, err)
			continue
		}
		for _, customer := range []map[string]any{{}, {"first_name": "Ada", "last_seen_at": "2026-01-02T03:04:05Z"}} {
			m, missing, err := tp.Render(t.Context(), render.Vars{"customer": customer, "workspace": render.Workspace(carpel.Workspace{ID: "ws_1", Name: "Acme"}, "1 Road, Town")}, render.Links{Unsubscribe: "https://u.example"})
			if err != nil || len(missing) > 0 {
				t.Errorf("%s: %v, missing %v", s.Key, err, missing)
				continue
			}
			if !strings.Contains(m.Email.HTML, "https://u.example") || !strings.Contains(m.Email.Text, "Acme") || len(m.Email.HTML) > 40_000 {
				t.Errorf("%s: %d bytes\n%s", s.Key, len(m.Email.HTML), m.Email.Text)
			}
			if name, _ := customer["first_name"].(string); name != "" && !strings.Contains(m.Email.Text+m.Email.Subject, name) {
				t.Errorf("%s does not greet: %s", s.Key, m.Email.Text)
			}
			if dir := os.Getenv("STARTERS"); dir != "" && len(customer) > 0 {
				os.WriteFile(dir+"/"+s.Key+".html", []byte(m.Email.HTML), 0o600)
				os.WriteFile(dir+"/"+s.Key+".txt", []byte(m.Email.Subject+"\n\n"+m.Email.Text), 0o600)
			}
		}
	}
}
