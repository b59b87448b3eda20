package block

// Join appends the runs of b to those of a. Joining is plain concatenation, so it is associative and cannot fail.
func Join(a, b []byte) []byte { return append(a[:len(a):len(a)], b...) }

// Runs returns how many runs data holds; 1 for what is not in order.
func Runs(data []byte) int {
	n := 0
	for len(data) > 0 {
		_, rest, err := nextRun(data, data[0])
		if err != nil {
			return 1
		}
		n, data = n+1, rest
	}
	return n
}

// Compact returns data as one run that decodes to the same, also when more runs are joined to either end of it. It
// returns data itself when that is one run already or is not in order: it never fails. The kind of block is read
// from the data.
func Compact(data []byte) []byte {
	if Runs(data) <= 1 {
		return data
	}
	switch data[0] {
	case headRows:
		if r, err := DecodeRows(data); err == nil {
			return AppendRows(nil, r)
		}
	case headValues:
		if v, slots, err := foldValues(data); err == nil {
			return AppendValues(nil, v, slots)
		}
	case headStamps:
		if s, slots, err := foldStamps(data); err == nil {
			return AppendStamps(nil, s, slots)
		}
	}
	return data
}
