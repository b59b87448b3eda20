package customerio

import (
	"fmt"
	"hash/crc32"
	"net/http"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/compat"
	"github.com/carpel/carpel/internal/records"
)

// key finds the key of a call: the api_key of `Basic site_id:api_key`, else the site_id. The calls that their API
// takes without one are taken so when it is plain which workspace is meant, as if with a browser key.
func (c *call) key(r *http.Request) (records.Key, error) {
	ctx := r.Context()
	header := r.Header.Get("Authorization")
	if header == "" && c.route.open {
		all, err := c.door.Records.Workspaces(ctx)
		if err != nil {
			return records.Key{}, err
		}
		if len(all) == 1 {
			return records.Key{Workspace: all[0].ID, Kind: records.PublicKey}, nil
		}
		return records.Key{}, carpel.Errorf(carpel.CodeUnauthorized, "there are several workspaces; send a key, so that it is known which one is meant")
	}
	site, api, ok := compat.BasicAuth(header)
	if !ok {
		return records.Key{}, carpel.Errorf(carpel.CodeUnauthorized, "send a key: Authorization: Basic base64(site_id:api_key)")
	}
	first, second := api, site
	if first == "" {
		first, second = site, ""
	}
	key, err := c.door.Authenticate(ctx, first)
	if err != nil && second != "" && carpel.ErrorCode(err) == carpel.CodeUnauthorized {
		key, err = c.door.Authenticate(ctx, second)
	}
	return key, err
}

// answerRegion tells where the account lives: here.
func answerRegion(c *call, w http.ResponseWriter) {
	answerJSON(w, http.StatusOK, map[string]any{"url": c.host, "region": "us", "data_center": "us", "environment_id": environment(c.batch.Workspace)})
}

// environment is a workspace's id as the integer that their API has.
func environment(workspace string) int {
	return int(crc32.ChecksumIEEE([]byte(workspace)) & 0x7fffffff)
}

// mayChange refuses what a browser key, which everybody can read, must not be able to do.
func (c *call) mayChange(what string) *carpel.Error {
	if c.batch.Public {
		return carpel.Errorf(carpel.CodePublicKey, "%s", fmt.Sprintf("a browser key may not %s; send this with a server key", what))
	}
	return nil
}
