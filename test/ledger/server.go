// Package ledger sends every kind of write to a server, enters into a ledger what was acknowledged, and holds the server
// to it afterwards: after it was killed, after the power was cut, after its disk failed. It is for tests; the server may
// be a process or a handler.
//
// There are two kinds of senders. A [Writer] ingests items about people of its own and knows what must be stored of each,
// and in which segments they must be. An [Office] does what people do over the API: segments, members, keys, workspaces,
// imports, erasures, and items that are refused. An acknowledged write must be there; one whose answer never came may be
// there as a whole or not at all; nothing else may be there.
package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"
)

// The keys that a server under test is started with.
const (
	APIKey   = "ak_crash-test-0123456789abcdef0123456789"
	WriteKey = "sk_crash-test-0123456789abcdef0123456789"
)

// Server is a server under test.
type Server struct {
	URL string
	// Do makes a request. An error leaves open whether it was done.
	Do func(*http.Request) (*http.Response, error)
	// Faulty allows answers of 5xx: they leave open whether the request was done.
	Faulty bool
}

// HTTP is a server that listens at a URL.
func HTTP(url string) Server {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}, Timeout: time.Minute}
	return Server{URL: url, Do: client.Do}
}

// InProcess is a handler. counts reports, once an answer has come, whether it still counts; nil for always.
func InProcess(h http.Handler, counts func() bool) Server {
	return Server{URL: "http://carpel", Do: func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if counts != nil && !counts() {
			return nil, errCut
		}
		return w.Result(), nil
	}}
}

var (
	errCut = errors.New("the power was cut before the answer came")
	// errRefused is an answer that tells the sender to try again later.
	errRefused = errors.New("try again later")
	// errOpen is an answer that leaves open whether the request was done.
	errOpen = errors.New("the server failed")
)

// wrongAnswer is an answer that no request of this package deserves.
type wrongAnswer struct {
	request string
	status  int
	body    []byte
}

func (w *wrongAnswer) Error() string {
	return fmt.Sprintf("%s: %d %s", w.request, w.status, w.body)
}

// request is what is sent. body is JSON, or bytes that go as they are.
type request struct {
	method, path string
	query        url.Values
	body         any
	header       map[string]string
	write        bool   // with the write key instead of the API key
	key          string // instead of either
}

// send makes a request and returns its answer. The error is a *wrongAnswer, or wraps errRefused, errOpen or what the
// network says.
func (s Server) send(q request) ([]byte, error) {
	body, ok := q.body.([]byte)
	if !ok && q.body != nil {
		var err error
		if body, err = json.Marshal(q.body); err != nil {
			return nil, err
		}
	}
	r, err := http.NewRequest(q.method, s.URL+q.path+"?"+q.query.Encode(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	switch {
	case q.key != "":
		r.Header.Set("Authorization", "Bearer "+q.key)
	case q.write:
		r.SetBasicAuth(WriteKey, "")
	default:
		r.Header.Set("Authorization", "Bearer "+APIKey)
	}
	for name, value := range q.header {
		r.Header.Set(name, value)
	}
	res, err := s.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	switch code := res.StatusCode; {
	case code < 300:
		return answer, nil
	case code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable || code == http.StatusInsufficientStorage:
		return nil, fmt.Errorf("%w: %d", errRefused, code)
	case code >= 500 && s.Faulty:
		return nil, fmt.Errorf("%w: %d %s", errOpen, code, answer)
	default:
		return nil, &wrongAnswer{q.method + " " + q.path, code, answer}
	}
}

// Get asks the native API and decodes the answer into out.
func (s Server) Get(path string, query url.Values, out any) error {
	answer, err := s.send(request{method: "GET", path: path, query: query})
	if err != nil {
		return fmt.Errorf("GET %s: %w", path, err)
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("GET %s: %w in %s", path, err, answer)
	}
	return nil
}

// Post asks the native API and decodes the answer into out.
func (s Server) Post(path string, body, out any) error {
	answer, err := s.send(request{method: "POST", path: path, body: body})
	if err != nil {
		return fmt.Errorf("POST %s: %w", path, err)
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("POST %s: %w in %s", path, err, answer)
	}
	return nil
}

// pages reads an answer page by page. read gets a page and returns the cursor of the next and how many it held; an
// empty page, or an empty cursor, is the last.
func (s Server) pages(path string, query url.Values, read func(answer json.RawMessage) (next string, n int, err error)) error {
	for {
		var answer json.RawMessage
		if err := s.Get(path, query, &answer); err != nil {
			return err
		}
		next, n, err := read(answer)
		if err != nil {
			return fmt.Errorf("GET %s: %w", path, err)
		}
		if next == "" || n == 0 {
			return nil
		}
		query.Set("after", next)
	}
}

// until asks again and again, for a minute at most, until the answer is yes.
func until(yes func() (bool, error)) error {
	for end := time.Now().Add(time.Minute); ; <-time.After(5 * time.Millisecond) {
		if done, err := yes(); done || err != nil {
			return err
		}
		if time.Now().After(end) {
			return errors.New("not within a minute")
		}
	}
}
