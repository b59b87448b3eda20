package smtp

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestIdle ends connections that waited for too long, and those alone, and no timer is left behind.
func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dialled := 0
		var ended atomic.Int64
		p := newPool(2, 100, func(context.Context) (*connection, error) {
			dialled++
			ours, theirs := net.Pipe()
			go func() {
				_, _ = io.Copy(io.Discard, theirs)
				ended.Add(1)
			}()
			return newConnection(ours), nil
		})
		take := func() *connection {
			c, err := p.take(t.Context(), false)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		first, second := take(), take()
		waits, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if _, err := p.take(waits, false); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a third connection: %v", err)
		}
		p.put(first)
		time.Sleep(idleTime / 2)
		p.put(second)
		if c := take(); c != second {
			t.Error("it is not the last one that was put back")
		} else {
			p.put(c)
		}
		time.Sleep(idleTime/2 + time.Second)
		synctest.Wait()
		if ended.Load() != 1 {
			t.Errorf("%d of two connections ended; the first was idle for too long", ended.Load())
		}
		time.Sleep(idleTime)
		synctest.Wait()
		if ended.Load() != 2 || dialled != 2 {
			t.Errorf("%d of %d connections ended", ended.Load(), dialled)
		}
		p.put(take())
		at := take()
		p.put(at)
		p.close()
		synctest.Wait()
		if ended.Load() != int64(dialled) {
			t.Errorf("after closing, %d of %d connections ended", ended.Load(), dialled)
		}
		if _, err := p.take(t.Context(), false); !errors.Is(err, errClosed) {
			t.Errorf("taken after closing: %v", err)
		}
	})
}
