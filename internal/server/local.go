package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/carpel/carpel/internal/records"
)

// Local is how the command line on this machine reaches a data directory: a key that only the directory's owner can
// read, and the address while it is served.
type Local struct {
	Address   string `json:"address"` // host:port; "" while nobody serves it
	Workspace string `json:"workspace"`
	Key       string `json:"key"`
}

const localFile = "local.json"

// The names of keys that nobody created by hand.
const (
	localKey       = "command line on this machine"
	presetAPIKey   = "CARPEL_API_KEY"
	presetWriteKey = "CARPEL_WRITE_KEY"
)

// ReadLocal reads how to reach a data directory. The error is fs.ErrNotExist for one that was never opened.
func ReadLocal(data string) (Local, error) {
	var l Local
	b, err := os.ReadFile(filepath.Join(data, localFile))
	if err != nil {
		return l, err
	}
	if err := json.Unmarshal(b, &l); err != nil {
		return l, fmt.Errorf("read %s: %w", localFile, err)
	}
	return l, nil
}

// Exists reports whether a data directory was made there, by a first start or a restore, also when its records are gone
// since.
func Exists(data string) bool {
	all, err := os.ReadDir(filepath.Join(data, workspacesDirectory))
	return hasRecords(data) || err == nil && len(all) > 0
}

func hasRecords(data string) bool {
	_, err := os.Stat(filepath.Join(data, recordsFile))
	return err == nil
}

// Served reports whether a process has the data directory open.
func Served(data string) bool {
	f, err := os.OpenFile(filepath.Join(data, lockFile), os.O_RDWR, 0o600)
	if err != nil {
		return false
	}
	defer f.Close() // lets go of the lock, if it was got
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil
}

// openLocal reads the local key, or makes one.
func (s *Server) openLocal(ctx context.Context, workspace string) error {
	l, err := ReadLocal(s.config.Data)
	if err == nil {
		if _, authErr := s.records.Authenticate(ctx, l.Key); authErr == nil {
			l.Address = ""
			s.local = l
			return s.writeLocal()
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	_, secret, err := s.records.CreateKey(ctx, workspace, records.KeySpec{Kind: records.APIKey, Name: localKey, Scopes: []string{records.ScopeAdmin}})
	if err != nil {
		return err
	}
	s.local = Local{Workspace: workspace, Key: secret}
	return s.writeLocal()
}

// addressHere is how programs of this machine reach what listens at an address: one that stands for every address of the
// machine is written localhost.
func addressHere(a net.Addr) string {
	if tcp, ok := a.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return net.JoinHostPort("localhost", strconv.Itoa(tcp.Port))
	}
	return a.String()
}

// announce tells the command line where the server listens.
func (s *Server) announce(address string) error {
	s.local.Address = address
	return s.writeLocal()
}

// writeLocal replaces the file whole, so that a reader never sees half of it.
func (s *Server) writeLocal() error {
	b, err := json.Marshal(s.local)
	if err != nil {
		return err
	}
	tmp := filepath.Join(s.config.Data, localFile+".new")
	if err := writeFile(tmp, b); err != nil {
		return fmt.Errorf("write %s: %w", localFile, err)
	}
	return os.Rename(tmp, filepath.Join(s.config.Data, localFile))
}
