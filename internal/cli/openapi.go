package cli

import (
	"github.com/carpel/carpel/internal/api"
)

type openAPICommand struct{}

// Help is shown below the flags.
func (openAPICommand) Help() string {
	return "The same document that a server has at /api/openapi.json; clients are generated from it, the console's too."
}

// Run prints the document.
func (openAPICommand) Run(t *terminal) error {
	doc, err := api.New(api.Options{Version: t.Version}).OpenAPI().MarshalJSON()
	if err != nil {
		return err
	}
	_, err = t.Out.Write(append(doc, '\n'))
	return err
}
