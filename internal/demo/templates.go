package demo

import (
	"embed"
	"fmt"

	"github.com/carpel/carpel"
)

//go:embed templates
var bodies embed.FS

// Templates returns templates for the made-up company: two emails and a push message. The slice is the caller's.
func Templates() ([]carpel.Template, error) {
	all := []carpel.Template{
		{Key: "trial-ends", Name: "Your trial ends soon", Content: carpel.Content{Email: &carpel.EmailContent{
			Subject: `{{ customer.first_name | default: "One thing" }}, your trial ends soon`, Preheader: "Keep what you have made."}}},
		{Key: "newsletter", Name: "Newsletter", Content: carpel.Content{Email: &carpel.EmailContent{
			Subject: `What is new this month at {{ workspace.name }}`, Preheader: "Three things, in two minutes."}}},
		{Key: "report-ready", Name: "Your report is ready", Content: carpel.Content{Push: &carpel.PushContent{
			Title: `Your report is ready`, Body: `{{ customer.first_name | default: "Hello" }}, the numbers of {{ customer.company | default: "your team" }} are in.`, Link: "https://example.com/reports"}}},
	}
	for _, t := range all {
		if t.Content.Email == nil {
			continue
		}
		body, err := bodies.ReadFile("templates/" + t.Key + ".mjml")
		if err != nil {
			return nil, fmt.Errorf("template %s: %w", t.Key, err)
		}
		t.Content.Email.Format, t.Content.Email.Body = "mjml", string(body)
	}
	return all, nil
}
