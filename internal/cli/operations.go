package cli

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/carpel/carpel/internal/server"
)

type backupCommand struct {
	Directory string `arg:"" help:"A directory that does not exist yet, on the server's machine."`
}

// Help is shown below the flags.
func (backupCommand) Help() string {
	return `On the disk of the data directory the tables in a backup are hard links: it takes little room, and is lost with that disk.
Back up to another disk, or copy the backup there. It must not be inside the data directory.`
}

// Run makes a backup.
func (c *backupCommand) Run(ctx context.Context, t *terminal) error {
	dir, err := filepath.Abs(c.Directory)
	if err != nil {
		return err
	}
	return t.with(ctx, func(cl *client) error {
		if _, err := cl.call(ctx, "POST", "/api/backup", nil, map[string]string{"directory": dir}, nil); err != nil {
			return err
		}
		fmt.Fprintf(t.Err, "The backup is in %s. To use it: carpel restore %s --data NEW-DIRECTORY\n", dir, dir)
		return nil
	})
}

type restoreCommand struct {
	Backup string `arg:"" help:"A backup's directory." type:"existingdir"`
}

// Help is shown below the flags.
func (restoreCommand) Help() string {
	return "Every file is compared with its checksum in the backup. --data names a directory that does not exist yet, or is empty."
}

// Run makes a data directory from a backup.
func (c *restoreCommand) Run(t *terminal) error {
	verified, err := server.Restore(c.Backup, t.Data)
	if err != nil {
		return err
	}
	if !verified {
		fmt.Fprintln(t.Err, "This backup is of an early version and holds no checksums: its files could not be verified. Run carpel check.")
	}
	fmt.Fprintf(t.Err, "Restored into %s. Start it with: carpel serve --data %s\n", t.Data, t.Data)
	return nil
}
