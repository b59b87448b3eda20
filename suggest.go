package carpel

import (
	"slices"
	"strings"
)

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

// suggestOp returns the operator that a word was most likely meant to be: what other tools call it, or the nearest.
func suggestOp(s string) string {
	word := strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(strings.TrimSpace(s)))
	if op, ok := map[string]string{
		"=": "is", "==": "is", "eq": "is", "equals": "is", "equal": "is", "equal_to": "is", "!=": "is_not", "<>": "is_not", "ne": "is_not", "neq": "is_not",
		"not_equals": "is_not", "does_not_equal": "is_not", "not": "is_not", "in": "is_any_of", "any_of": "is_any_of", "one_of": "is_any_of", "is_in": "is_any_of",
		"is_one_of": "is_any_of", "not_in": "is_none_of", "none_of": "is_none_of", "is_not_any_of": "is_none_of", "like": "contains", "includes": "contains",
		"not_contains": "does_not_contain", "regex": "matches", "regexp": "matches", ">": "greater_than", "gt": "greater_than", "more_than": "greater_than",
		"is_greater_than": "greater_than", "<": "less_than", "lt": "less_than", "is_less_than": "less_than", ">=": "at_least", "gte": "at_least", "ge": "at_least",
		"<=": "at_most", "lte": "at_most", "le": "at_most", "range": "between", "set": "exists", "is_set": "exists", "is_not_set": "does_not_exist",
		"not_exists": "does_not_exist", "is_null": "does_not_exist", "is_empty": "does_not_exist", "true": "is_true", "false": "is_false", "since": "after",
		"until": "before", "in_last": "within_last", "last": "within_last", "in_the_last": "within_last", "in_next": "within_next", "birthday": "anniversary_within_next",
	}[word]; ok {
		return op
	}
	if slices.Contains(ops, word) {
		return word
	}
	return Nearest(word, ops)
}

// suggestKey returns the key of known that a word was most likely meant to be.
func suggestKey(s string, known []string) string {
	word := map[string]string{"and": "all", "or": "any", "operator": "op", "values": "value", "trait": "attribute", "user": "attribute", "track": "event",
		"filter": "where", "filters": "where", "properties": "where", "window": "when", "within": "when", "time": "when", "url": "page", "case_sensitive": "match_case",
		"in_segment": "segment", "funnel": "sequence"}[strings.ToLower(s)]
	if slices.Contains(known, word) {
		return word
	}
	return Nearest(s, known)
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
