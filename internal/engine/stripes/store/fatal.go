package store

import (
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/cockroachdb/pebble/v2"
)

// fatal notes that Pebble met an error after which it cannot go on: a sync that failed is never tried again. Pebble
// wants its process to end then. Until it does, whoever waits for Pebble is told, and no call is made any more.
type fatal struct {
	tell func(error) // told once; may be nil
	once sync.Once
	err  error         // set before dead is closed
	dead chan struct{} // closed by the first such error
}

func newFatal(tell func(error)) *fatal { return &fatal{tell: tell, dead: make(chan struct{})} }

// end notes the first error.
func (f *fatal) end(err error) {
	f.once.Do(func() {
		f.err = err
		close(f.dead)
		if f.tell != nil {
			f.tell(err)
		}
	})
}

// guard runs a call that writes in a goroutine of its own: one that Pebble gives up in does not return.
func (f *fatal) guard(call func() error) error {
	if f.isDead() {
		return f.err
	}
	done := make(chan error, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil { // how Pebble ends when a directory does not sync
				f.end(fmt.Errorf("store: %v", r))
			}
		}()
		done <- call()
	}()
	select {
	case err := <-done:
		if f.isDead() {
			return f.err
		}
		return err
	case <-f.dead:
		return f.err
	}
}

func (f *fatal) isDead() bool {
	select {
	case <-f.dead:
		return true
	default:
		return false
	}
}

// Infof and Errorf drop Pebble's messages: what fails comes back as an error. With Fatalf, a [pebble.Logger].
func (f *fatal) Infof(string, ...any)  {}
func (f *fatal) Errorf(string, ...any) {}

// Fatalf is called by Pebble where it cannot go on, and may not return.
func (f *fatal) Fatalf(format string, args ...any) {
	f.end(fmt.Errorf("store: "+format, args...))
	runtime.Goexit()
}

// events are what Pebble tells: damage comes back as an error of the call that read it; another error of its work in the
// background is the end, for Pebble would try again, and what a failed sync was about may be gone.
func (f *fatal) events() *pebble.EventListener {
	return &pebble.EventListener{
		DataCorruption: func(pebble.DataCorruptionInfo) {},
		BackgroundError: func(err error) {
			if !errors.Is(err, pebble.ErrCorruption) {
				f.end(fmt.Errorf("store: %w", err))
			}
		},
	}
}
