package main

import "context"

// Engine is one contender: a database, or Carpel, that holds the data set in a directory and answers the definitions.
// Used by one goroutine.
type Engine interface {
	// Load fills an empty directory with the data set and leaves nothing running.
	Load(ctx context.Context, s Scale) error
	// Start opens what was loaded; when it returns, the engine answers.
	Start(ctx context.Context) error
	// Count returns how many people a definition matches, computed anew. The key is one of [definitions].
	Count(ctx context.Context, key string) (int64, error)
	// Version names what runs.
	Version(ctx context.Context) (string, error)
	// Stop ends what Start began and waits until it is gone. It may be called when nothing runs.
	Stop() error
	// PID is the process whose memory, with its children's, is the engine's; 0 when none runs.
	PID() int
}

// Options is what all contenders are given alike.
type Options struct {
	Dir      string // the engine's own
	Threads  int    // cores for one question
	MemoryMB int    // for whatever the engine caches by itself
}

// contender is a row of [contenders].
type contender struct {
	Name   string
	Layout string // how the data lie and what is set, for the report
	Open   func(Options) Engine
	// Embedded engines live in a process of their own all the same: see [remote].
	Embedded bool
}

// contenders returns what is compared, Carpel first: ratios are against it.
func contenders() []contender {
	return []contender{
		{Name: "Carpel", Layout: carpelLayout, Open: newCarpel, Embedded: true},
		{Name: "DuckDB", Layout: duckLayout, Open: newDuck, Embedded: true},
		{Name: "ClickHouse", Layout: clickHouseLayout, Open: newClickHouse},
		{Name: "PostgreSQL", Layout: postgresLayout, Open: newPostgres},
	}
}
