package api

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// jsonAnswer is a JSON answer from a handler that may also stream.
func jsonAnswer(body any) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		ctx.SetHeader("Content-Type", "application/json")
		enc := json.NewEncoder(ctx.BodyWriter())
		enc.SetEscapeHTML(false)
		_ = enc.Encode(body) // the client may be gone
	}}
}

// rowWriter streams rows as CSV or NDJSON.
type rowWriter struct {
	out  *bufio.Writer
	csv  *csv.Writer // nil for NDJSON
	json *json.Encoder
}

func newRowWriter(ctx huma.Context, format, name string, header []string) *rowWriter {
	w := &rowWriter{out: bufio.NewWriterSize(ctx.BodyWriter(), 64<<10)}
	ctx.SetHeader("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name+"."+format))
	if format == "csv" {
		ctx.SetHeader("Content-Type", "text/csv; charset=utf-8")
		w.csv = csv.NewWriter(w.out)
		_ = w.csv.Write(header) // an error stays in the writer and comes with the first row
		return w
	}
	ctx.SetHeader("Content-Type", "application/x-ndjson")
	w.json = json.NewEncoder(w.out)
	w.json.SetEscapeHTML(false)
	return w
}

// write adds a row: cells for CSV, object for NDJSON.
func (w *rowWriter) write(object any, cells []string) error {
	if w.csv == nil {
		return w.json.Encode(object)
	}
	for i, cell := range cells {
		cells[i] = plainCell(cell)
	}
	return w.csv.Write(cells)
}

// plainCell keeps a spreadsheet from reading a cell as a formula.
func plainCell(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

func (w *rowWriter) flush() {
	if w.csv != nil {
		w.csv.Flush()
	}
	_ = w.out.Flush() // the client may be gone
}

// fail breaks the answer off so that the client sees it is not whole: the chunked body never ends in order.
func (w *rowWriter) fail() {
	w.flush()
	panic(http.ErrAbortHandler)
}

// eventStream writes server-sent events.
type eventStream struct {
	ctx      huma.Context
	out      io.Writer
	stopping <-chan struct{}
}

// heartbeat is how often a silent stream says that it lives, so that proxies keep it and a dead client is noticed.
const heartbeat = 15 * time.Second

func (a *API) newEventStream(ctx huma.Context) *eventStream {
	ctx.SetHeader("Content-Type", "text/event-stream")
	ctx.SetHeader("Cache-Control", "no-store")
	ctx.SetHeader("X-Accel-Buffering", "no")
	es := &eventStream{ctx, ctx.BodyWriter(), a.Stopping}
	_, _ = io.WriteString(es.out, ": carpel\n\n")
	es.flush()
	return es
}

func (es *eventStream) flush() {
	if f, ok := es.out.(http.Flusher); ok {
		f.Flush()
	}
}

// send writes one event.
func (es *eventStream) send(name, id string, data any) error {
	body, err := json.Marshal(data)
	if err != nil {
		return err
	}
	if id != "" {
		id = "id: " + id + "\n"
	}
	_, err = fmt.Fprintf(es.out, "event: %s\n%sdata: %s\n\n", name, id, body)
	return err
}

// wait flushes, then returns true when watch is closed, false when the client is gone or the server stops.
func (es *eventStream) wait(watch <-chan struct{}) bool {
	es.flush()
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-watch:
			return true
		case <-es.ctx.Context().Done():
			return false
		case <-es.stopping:
			return false
		case <-tick.C:
			if _, err := io.WriteString(es.out, ": still here\n\n"); err != nil {
				return false
			}
			es.flush()
		}
	}
}
