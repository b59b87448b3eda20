-- +goose Up
-- Who works with Carpel. A user may belong to several workspaces, with a role in each.
CREATE TABLE users (
  id         TEXT PRIMARY KEY,
  email      TEXT NOT NULL UNIQUE,        -- lower case
  name       TEXT NOT NULL,
  password   TEXT NOT NULL DEFAULT '',    -- argon2id in PHC form; '': none, logs in by OpenID Connect
  subject    TEXT NOT NULL DEFAULT '',    -- who the OpenID provider says it is; '': never came by it
  created_at BIGINT NOT NULL,
  seen_at    BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE roles (
  workspace TEXT NOT NULL REFERENCES workspaces (id),
  user      TEXT NOT NULL REFERENCES users (id),
  role      TEXT NOT NULL,                -- viewer, editor, sender, admin
  given_at  BIGINT NOT NULL,
  PRIMARY KEY (workspace, user)
);
CREATE INDEX roles_by_user ON roles (user, given_at);

-- A browser that is logged in.
CREATE TABLE sessions (
  hash       BLOB PRIMARY KEY,            -- SHA-256 of the token in the cookie
  user       TEXT NOT NULL REFERENCES users (id),
  created_at BIGINT NOT NULL,
  used_at    BIGINT NOT NULL              -- to the minute
);
CREATE INDEX sessions_by_user ON sessions (user);

-- Links that are good once: an invitation, a new password.
CREATE TABLE links (
  hash       BLOB PRIMARY KEY,            -- SHA-256 of the token in the link
  kind       TEXT NOT NULL,               -- setup, invitation, password
  workspace  TEXT NOT NULL REFERENCES workspaces (id),
  email      TEXT NOT NULL,               -- of whom it is for
  role       TEXT NOT NULL,               -- that it gives; '' for password
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);

-- +goose Down
DROP TABLE links; DROP TABLE sessions; DROP TABLE roles; DROP TABLE users;
