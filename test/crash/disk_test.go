package crash

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/carpel/carpel/test/ledger"
)

// smallDisk mounts a filesystem of 64 MiB; it skips the test where that is not allowed.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("carpel-test", dir, "tmpfs", 0, "size=64m"); err != nil {
		t.Skipf("a small filesystem cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// leave writes a file that leaves so many bytes free; 0 fills the disk to the last one.
func leave(t *testing.T, dir, name string, free int64) {
	t.Helper()
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	chunk := make([]byte, 64<<10)
	for left := int64(st.Bavail)*st.Bsize - free; left > 0 || free == 0; left -= int64(len(chunk)) {
		_, err := f.Write(chunk)
		if errors.Is(err, syscall.ENOSPC) && free == 0 {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// answerOf sends one item and returns the status and when to try again.
func answerOf(t *testing.T, s ledger.Server) (status, retryAfter int) {
	t.Helper()
	r, err := http.NewRequest("POST", s.URL+"/v1/identify", bytes.NewReader([]byte(`{"userId":"asks-for-room"}`)))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(ledger.WriteKey, "")
	res, err := s.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	retryAfter, _ = strconv.Atoi(res.Header.Get("Retry-After")) // 0 for none
	return res.StatusCode, retryAfter
}

// TestFullDisk fills a real filesystem, by what is ingested and by others, to the last byte. Ingestion is refused before
// the server would die, reads go on, a killed server starts, and all of it comes back by itself when there is space.
func TestFullDisk(t *testing.T) {
	h := &harness{t: t, binary: build(t)}
	dir := smallDisk(t)
	h.data = filepath.Join(dir, "data")
	flags := []string{"--min-free-mb", "16", "--memory-mb", "128"}
	h.server = start(t, h.binary, h.data, flags...)
	h.must(ledger.Define(h.server.Server))
	h.writers, h.offices = []*ledger.Writer{ledger.NewWriter(0, 1)}, []*ledger.Office{ledger.NewOffice(0, 1)}
	writer, office := h.writers[0], h.offices[0]
	reads := func() {
		t.Helper()
		for _, path := range []string{"/readyz", "/api/session", "/api/segments/pro", "/api/segments/pro/members", "/api/people"} {
			h.must(h.server.Get(path, nil, &struct{}{}))
		}
		h.look(20)
	}
	for range 50 {
		_, err := writer.Step(h.server.Server)
		h.must(err)
		_, err = office.Step(h.server.Server)
		h.must(err)
	}

	leave(t, dir, "most", 17<<20) // what is missing to the mark, the server's own ingestion takes
	steps := 0
	for ok := true; ok; steps++ {
		var err error
		if ok, err = writer.Step(h.server.Server); err != nil || steps > 20_000 {
			t.Fatalf("after %d batches it is not refused: %v", steps, err)
		}
	}
	if status, after := answerOf(t, h.server.Server); status != http.StatusInsufficientStorage || after == 0 {
		t.Errorf("below the mark an item is answered with %d, try again after %d s; want 507", status, after)
	}
	reads()

	leave(t, dir, "rest", 0)
	h.eventually("the ballast is gone", func() bool {
		_, err := os.Stat(filepath.Join(h.data, "BALLAST"))
		return errors.Is(err, os.ErrNotExist)
	})
	reads()
	h.server.alive(t)
	h.server.kill()
	h.server = start(t, h.binary, h.data, flags...)
	if status, _ := answerOf(t, h.server.Server); status != http.StatusInsufficientStorage {
		t.Errorf("started on a full disk it answers an item with %d; want 507", status)
	}
	reads()

	for _, name := range []string{"most", "rest"} {
		h.must(os.Remove(filepath.Join(dir, name)))
	}
	h.eventually("ingestion is taken again", func() bool {
		ok, err := writer.Step(h.server.Server)
		h.must(err)
		return ok
	})
	h.eventually("the ballast is there again", func() bool {
		_, err := os.Stat(filepath.Join(h.data, "BALLAST"))
		return err == nil
	})
	_, err := office.Step(h.server.Server)
	h.must(err)
	h.end()
	sent, _, _ := ledger.Sum(h.writers)
	t.Logf("TORTURE\tfull disk\t1 filesystem of 64 MiB, filled to the last byte\t%d\t507 after %d batches; reads and a start went on; %d items acknowledged", h.lost, steps, sent)
}

// eventually asks again and again and fails the test when the answer is not yes within ten seconds.
func (h *harness) eventually(what string, yes func() bool) {
	h.t.Helper()
	for until := time.Now().Add(10 * time.Second); !yes(); h.pause(20 * time.Millisecond) {
		if time.Now().After(until) {
			h.t.Fatalf("not within ten seconds: %s", what)
		}
	}
}
