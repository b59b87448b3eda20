package store

import (
	"errors"
	"testing"
	"testing/synctest"
)

// After the end no call is made any more, and each is told the error that ended the store.
func TestNothingAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := 0
		f := newFatal(func(error) { told++ })
		ended := errors.New("a sync failed")
		if err := f.guard(func() error { f.Fatalf("%w", ended); return nil }); !errors.Is(err, ended) {
			t.Errorf("the call that Pebble gave up in: %v", err)
		}
		f.end(errors.New("another"))
		called := false
		err := f.guard(func() error { called = true; return nil })
		synctest.Wait()
		if !errors.Is(err, ended) || called {
			t.Errorf("a call after the end: made %t, %v", called, err)
		}
		if told != 1 {
			t.Errorf("told %d times", told)
		}
	})
}
