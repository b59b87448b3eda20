package web

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
)

// framePath is the page that shows mail inside the console. It is an origin of its own without any rights (sandbox), and
// its policy lets in styles and pictures, but no script other than its own: what was ingested or typed into a template is
// shown as an inbox would, and can do nothing. The pixel of a message that the sandbox caught is fetched: reading it counts
// as an open. The console hands the HTML over as a message; the page answers how tall it is.
const framePath = "/frame"

const frameScript = `addEventListener("message", (e) => {
  if (e.source !== parent || typeof e.data?.html !== "string") return;
  document.documentElement.innerHTML = e.data.html;
  const tell = () => parent.postMessage({ height: document.documentElement.scrollHeight }, "*");
  for (const image of document.images) image.addEventListener("load", tell);
  tell();
});
parent.postMessage({ ready: true }, "*");`

func serveFrame(w http.ResponseWriter) {
	sum := sha256.Sum256([]byte(frameScript))
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Content-Security-Policy", "sandbox allow-scripts; default-src 'none'; script-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+
		"'; style-src 'unsafe-inline'; img-src 'self' https: data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'")
	_, _ = io.WriteString(w, "<!doctype html><html lang=\"en\"><title>Mail</title><script>"+frameScript+"</script></html>") // the client may be gone
}
