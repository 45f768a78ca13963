// Writing the local copy to disk after changes, and letting go what nobody confirms.

package registry

import (
	"errors"
	"os"
	"time"
)

// saveSnapshot writes the copy beside the file that is there, and puts it in its place; but for a copy that isn't to be
// written, which leaves the file as it is.
func (c *Client) saveSnapshot() error {
	saved := c.copy.toSave(time.Now())
	if saved == nil {
		return nil
	}
	data, err := encodeSnapshot(saved)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.config.SnapshotFolder, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(c.config.SnapshotFolder, c.config.Namespace+".*.tmp") // Its mode is 0600.
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), c.config.snapshotPath())
	}
	if err != nil {
		os.Remove(file.Name())
	}
	return err
}

// keep writes the copy to disk after changes, and lets go what nobody confirms, until the client ends.
func (c *Client) keep() {
	expiry := time.NewTicker(time.Second)
	defer expiry.Stop()
	write := time.NewTimer(snapshotPause)
	write.Stop()
	defer write.Stop()
	dirty := c.copy.dirty
	if c.config.SnapshotFolder == "" {
		dirty = nil
	}
	pending := false
	for {
		select {
		case <-c.ctx.Done():
			if pending || len(dirty) > 0 {
				c.trySave()
			}
			return
		case <-expiry.C:
			c.copy.expire()
		case <-dirty:
			if !pending {
				pending = true
				write.Reset(snapshotPause)
			}
		case <-write.C:
			pending = false
			c.trySave()
		}
	}
}

func (c *Client) trySave() {
	if err := c.saveSnapshot(); err != nil {
		c.config.Logger.Warn("registry: the copy can't be written to disk", "folder", c.config.SnapshotFolder, "error", err)
	}
}
