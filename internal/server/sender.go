package server

import (
	"context"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/delivery"
	"github.com/carpel/carpel/internal/delivery/sandbox"
	"github.com/carpel/carpel/internal/delivery/smtp"
	"github.com/carpel/carpel/internal/records"
	"github.com/carpel/carpel/internal/render"
)

// newSender makes what sends from the server's parts.
func (s *Server) newSender() *delivery.Sender {
	return delivery.New(delivery.Options{
		Records: s.records, Engine: s.Engine, Content: s.records.TemplateContent, Sandbox: s.newSandbox(), Channels: s.records.Channels, Open: s.providers.Open, Room: s.disk.room,
		Track: func(workspace string, d carpel.Delivery) render.Links {
			return render.Links(s.tracking.Links(workspace, d))
		},
		Now: s.config.Now, Log: s.config.Log,
	})
}

// runSender sends until ctx ends; a server that is [Config.Still] sends nothing.
func (s *Server) runSender(ctx context.Context) error {
	if s.config.Still {
		return nil
	}
	return s.sender.Run(ctx)
}

// noSender is whom an email in the sandbox is from while nobody said who sends.
const noSender = "No sender yet <no-sender@carpel.invalid>"

// newSandbox makes the channel that keeps messages in the inbox of their workspace.
func (s *Server) newSandbox() *sandbox.Sandbox {
	return sandbox.New(sandbox.Options{Email: func(m *carpel.Message) ([]byte, error) {
		return smtp.Build(m, smtp.Draft{From: noSender, At: s.config.Now()})
	}, Keep: func(ctx context.Context, all []sandbox.Caught) error {
		messages := make([]records.InboxMessage, len(all))
		for i, c := range all {
			messages[i] = records.InboxMessage{Workspace: c.Workspace, Delivery: c.Delivery, Person: c.Person, Kind: c.Kind, Recipient: c.Recipient, Subject: c.Subject, Raw: c.Raw}
		}
		return s.records.KeepInInbox(ctx, messages)
	}})
}
