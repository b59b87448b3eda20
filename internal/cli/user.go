package cli

import (
	"context"
	"fmt"
	"net/url"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/api"
	"github.com/carpel/carpel/internal/records"
)

type userCommand struct {
	List     userList     `cmd:"" help:"List the users of the workspace, and who is invited."`
	Invite   userInvite   `cmd:"" help:"Make a link that lets somebody join the workspace, the first user too."`
	Password userPassword `cmd:"" help:"Make a link by which a user sets a new password."`
	Remove   userRemove   `cmd:"" help:"Take a user out of the workspace, at once."`
}

// listedUsers is the answer of GET /api/users.
type listedUsers struct {
	Users       []carpel.User  `json:"users"`
	Invitations []records.Link `json:"invitations"`
}

type userList struct{}

// Run lists users and invitations.
func (userList) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		var out listedUsers
		raw, err := cl.call(ctx, "GET", "/api/users", nil, nil, &out)
		if err != nil {
			return err
		}
		return t.show(raw, func() {
			var rows [][]string
			for _, u := range out.Users {
				seen := "never seen"
				if !u.SeenAt.IsZero() {
					seen = "seen " + u.SeenAt.Format("2006-01-02")
				}
				rows = append(rows, []string{u.Email, printable(u.Name), string(u.Role), seen})
			}
			for _, l := range out.Invitations {
				rows = append(rows, []string{l.Email, "", string(l.Role), "invited until " + l.ExpiresAt.Format("2006-01-02")})
			}
			t.table([]string{"EMAIL", "NAME", "ROLE", "STATE"}, rows)
		})
	})
}

type userInvite struct {
	Email string `arg:"" help:"Whom to invite."`
	Role  string `help:"What they may do: viewer, editor, sender or admin." enum:"viewer,editor,sender,admin" required:""`
}

// Run makes an invitation and shows its link.
func (c *userInvite) Run(ctx context.Context, t *terminal) error {
	return t.newLink(ctx, "/api/invitations", map[string]string{"email": c.Email, "role": c.Role})
}

type userPassword struct {
	Email string `arg:"" help:"The user's email."`
}

// Run makes a password link and shows it.
func (c *userPassword) Run(ctx context.Context, t *terminal) error {
	return t.newLink(ctx, "/api/users/"+url.PathEscape(c.Email)+"/password", nil)
}

// newLink asks for a link and shows it alone on the output, for scripts.
func (t *terminal) newLink(ctx context.Context, path string, body any) error {
	return t.with(ctx, func(cl *client) error {
		var l api.NewLink
		raw, err := cl.call(ctx, "POST", path, nil, body, &l)
		if err != nil {
			return err
		}
		return t.show(raw, func() {
			fmt.Fprintln(t.Out, cl.site()+l.Path)
			fmt.Fprintf(t.Err, "For %s, good once until %s. Keep it: it is shown only now.\n", printable(l.Email), l.ExpiresAt.Format("2006-01-02 15:04 MST"))
		})
	})
}

type userRemove struct {
	Email string `arg:"" help:"The user's email."`
}

// Run takes a user out of the workspace.
func (c *userRemove) Run(ctx context.Context, t *terminal) error {
	email, err := carpel.CheckUserEmail(c.Email)
	if err != nil {
		return err
	}
	return t.with(ctx, func(cl *client) error {
		var out listedUsers
		if _, err := cl.call(ctx, "GET", "/api/users", nil, nil, &out); err != nil {
			return err
		}
		for _, u := range out.Users {
			if u.Email != email {
				continue
			}
			if _, err := cl.call(ctx, "DELETE", "/api/users/"+u.ID, nil, nil, nil); err != nil {
				return err
			}
			fmt.Fprintln(t.Err, "Removed.")
			return nil
		}
		return fmt.Errorf("%s is no user of the workspace; see carpel user list", printable(email))
	})
}
