// Package web is the console: a React app that is built into dist/console by npm and embedded here, gzipped. It asks
// the native API like any other program; nothing in Go knows its pages.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"embed"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// dist holds console/**.gz, or only a README when the console was not built: go build works without Node.
//
//go:embed all:dist
var dist embed.FS

const (
	root  = "dist/console/"
	index = "index.html"
	// nonceMark stands in index.html where the nonce of an answer goes.
	nonceMark = "__NONCE__"
)

// Built reports whether the console is in this binary.
func Built() bool {
	_, err := fs.Stat(dist, root+index+".gz")
	return err == nil
}

// notBuilt is shown in place of a console that is not in the binary.
const notBuilt = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Carpel</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem;color-scheme:light dark}</style>
<h1>The console is not built into this binary</h1>
<p>This carpel was compiled without Node. Everything else works: the <a href="/api/docs">API</a>, ingestion, and the command line.</p>
<p>To have the console, build with <code>make</code> in the source tree.</p></html>`

// Paths are those of the console, as patterns of [http.ServeMux].
func Paths() []string {
	return []string{"/{$}", "/login", "/join", "/w/", "/assets/", "/favicon.svg", framePath}
}

// Handler serves the console at [Paths]: its files, and its first page for every other path, since the app has paths of
// its own. Safe for concurrent use.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == framePath {
			serveFrame(w)
			return
		}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "same-origin")
		w.Header().Set("X-Frame-Options", "DENY")
		name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
		if strings.HasPrefix(name, "assets/") || name == "favicon.svg" {
			serveFile(w, r, name)
			return
		}
		servePage(w, r)
	})
}

// contentType is what a file of an extension is served as: the same on every machine.
func contentType(extension string) string {
	switch extension {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	case ".png":
		return "image/png"
	}
	return "application/octet-stream"
}

// serveFile serves a file whose name holds a hash of what is in it.
func serveFile(w http.ResponseWriter, r *http.Request, name string) {
	packed, err := dist.ReadFile(root + name + ".gz")
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", contentType(path.Ext(name)))
	if name != "favicon.svg" {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	w.Header().Set("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed) // the client may be gone
		return
	}
	if plain, err := gzip.NewReader(bytes.NewReader(packed)); err == nil {
		_, _ = io.Copy(w, plain) // the client may be gone
	}
}

// servePage serves the first page, with a nonce of its own for the styles that the app makes.
func servePage(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	packed, err := dist.ReadFile(root + index + ".gz")
	if err != nil {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, notBuilt) // the client may be gone
		return
	}
	plain, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		http.Error(w, "the console cannot be read", http.StatusInternalServerError)
		return
	}
	page, err := io.ReadAll(plain)
	if err != nil {
		http.Error(w, "the console cannot be read", http.StatusInternalServerError)
		return
	}
	var b [16]byte
	rand.Read(b[:]) // never fails
	nonce := base64.RawURLEncoding.EncodeToString(b[:])
	w.Header().Set("Content-Security-Policy", fmt.Sprintf("default-src 'none'; script-src 'self'; style-src 'self' 'nonce-%s'; img-src 'self' data:; "+
		"font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types default", nonce))
	_, _ = w.Write(bytes.ReplaceAll(page, []byte(nonceMark), []byte(nonce))) // the client may be gone
}
