package render

import (
	"embed"

	"github.com/carpel/carpel"
)

// Starter is a content to begin with.
type Starter struct {
	Key         string         `json:"key"`
	Name        string         `json:"name"`
	Description string         `json:"description"`
	Content     carpel.Content `json:"content"`
}

//go:embed starters
var starterFiles embed.FS

// Starters are the contents that a new template may begin with, each complete and ready to be sent. The slice is the
// caller's.
func Starters() []Starter {
	out := []Starter{
		{Key: "welcome", Name: "Welcome", Description: "Greets somebody new and leads to one first step."},
		{Key: "announcement", Name: "Announcement", Description: "One piece of news with a picture's place, three points and a button."},
		{Key: "letter", Name: "Plain letter", Description: "Words alone, as one person writes to another."},
		{Key: "win-back", Name: "We miss you", Description: "For people who have not been here for a while, with a reason to come back."},
	}
	subjects := map[string][2]string{
		"welcome":      {"Welcome to {{ workspace.name }}, {{ customer.first_name | default: 'good to have you' }}", "One small step, and you are set."},
		"announcement": {"New at {{ workspace.name }}", "What it is, and what it does for you."},
		"letter":       {"A short note, {{ customer.first_name | default: 'from us' }}", ""},
		"win-back":     {"It has been a while, {{ customer.first_name | default: 'and we noticed' }}", "Here is what you have missed."},
	}
	for i, s := range out {
		body, err := starterFiles.ReadFile("starters/" + s.Key + ".mjml")
		if err != nil {
			panic("render: starter " + s.Key + " is not embedded")
		}
		out[i].Content.Email = &carpel.EmailContent{Subject: subjects[s.Key][0], Preheader: subjects[s.Key][1], Format: formatMJML, Body: string(body)}
	}
	return out
}
