package carpel

// Nearest returns the word of known that s was most likely meant to be: the one with the least edit distance without
// regard to case, if that is at most a third of its length. "" when none is near. The first of equals wins.
func Nearest(s string, known []string) string {
	if len(s) > 200 {
		return ""
	}
	folded := Fold(s)
	best, least := "", 1<<30
	for _, word := range known {
		if len(word) > 200 {
			continue
		}
		d := editDistance(folded, Fold(word))
		if d < least && word != s && (d == 0 || d*3 <= max(len(word), 3)) {
			best, least = word, d
		}
	}
	return best
}

// editDistance counts the insertions, deletions, replacements and swaps of neighbours between two texts (optimal
// string alignment, in bytes).
func editDistance(a, b string) int {
	before, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev, cur = prev, cur, before
	}
	return prev[len(b)]
}
