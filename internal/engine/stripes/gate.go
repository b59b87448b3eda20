package stripes

import "sync"

// gate counts the calls that read, so that the store is not closed under them.
type gate struct {
	mu     sync.Mutex
	inside int           // guarded by mu
	empty  chan struct{} // made by shut, closed when the last has left; guarded by mu
}

// shut lets nobody in any more and waits for those inside.
func (g *gate) shut() {
	g.mu.Lock()
	g.empty = make(chan struct{})
	if g.inside == 0 {
		close(g.empty)
	}
	empty := g.empty
	g.mu.Unlock()
	<-empty
}

// enter begins a call that reads: it fails when the engine has stopped or is closed. leave ends it.
func (db *DB) enter() error {
	if err := db.usable(); err != nil {
		return err
	}
	g := &db.readers
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.empty != nil {
		return db.usable() // closed since
	}
	g.inside++
	return nil
}

func (db *DB) leave() {
	g := &db.readers
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inside--; g.inside == 0 && g.empty != nil {
		close(g.empty)
	}
}
