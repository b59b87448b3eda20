// Package crash holds a test that kills the real server under load, again and again, and holds it to what it had
// acknowledged. It has no code of its own but the test:
//
//	go test ./test/crash -kills 100
//
// Several writers send items with known message ids over connections of their own. Each writer keeps the ledger of
// its own people: an item is in it once a 200 came back. The server is killed with SIGKILL at a random moment, also
// while it starts, and started again on the same directory. Before anything is sent again, everything acknowledged
// must be there, once; then the writers send their unacknowledged batches again, unchanged, and some acknowledged
// items as well. At the end every item must count once, and every membership must be what the ledgers say.
package crash
