package render_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/render"
)

// tenKilobytes is an email of about 10 kB with ten variables and eight links.
func tenKilobytes() carpel.Content {
	var b strings.Builder
	b.WriteString("<html><body>")
	for i := range 8 {
		fmt.Fprintf(&b, `<table role="presentation" style="width:100%%;border-collapse:collapse"><tr><td style="padding:10px 25px"><p style="font-size:14px;line-height:1.5">Dear {{ customer.first_name }}, %s</p>`+
			`<a href="https://shop.example/p/%d?ref=mail" style="color:#1a7f5a;text-decoration:none">See more</a></td></tr></table>`, strings.Repeat("here is what we thought of for you. ", 26), i)
	}
	b.WriteString("<p>{{ customer.age }} {{ customer.address.city | upcase }}</p></body></html>")
	return carpel.Content{Email: &carpel.EmailContent{Subject: "For {{ customer.first_name | capitalize }}", From: "Acme <news@example.com>", Format: "html", Body: b.String()}}
}

func BenchmarkRender(b *testing.B) {
	tp, err := render.Compile(tenKilobytes())
	if err != nil {
		b.Fatal(err)
	}
	v := vars()
	l := render.Links{Link: func(url string) string { return "https://t.example/" + url[8:] }, Pixel: "https://t.example/o/abc", Unsubscribe: "https://t.example/u/abc"}
	size := 0
	b.ReportAllocs()
	for b.Loop() {
		m, _, err := tp.Render(b.Context(), v, l)
		if err != nil {
			b.Fatal(err)
		}
		size = len(m.Email.HTML)
	}
	b.ReportMetric(float64(size), "bytes/message")
}

// What is done once for a version of a template.
func BenchmarkCompileMJML(b *testing.B) {
	body := "<mjml><mj-body>" + strings.Repeat(`<mj-section><mj-column><mj-text>Dear {{ customer.first_name }}</mj-text><mj-button href="https://shop.example/{{ customer.id }}">See</mj-button></mj-column></mj-section>`, 10) + "</mj-body></mjml>"
	for b.Loop() {
		if _, err := render.Compile(carpel.Content{Email: &carpel.EmailContent{Subject: "s", Format: "mjml", Body: body}}); err != nil {
			b.Fatal(err)
		}
	}
}
