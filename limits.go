package carpel

// Limit is one row of the limits table: shown at /api/limits and in docs/limits.md, enforced everywhere.
type Limit struct {
	Name  string `json:"name"`
	Value int64  `json:"value"`
	Unit  string `json:"unit"`
	What  string `json:"what"`
}

// The limits, each enforced in one place with an [Error] that carries Limit and Actual.
const (
	MaxBody             = 4 << 20  // bytes of a request after decompression
	MaxCompressionRatio = 100      // decompressed : compressed
	MaxItem             = 64 << 10 // bytes of one item as sent
	MaxItems            = 2500     // items of one batch
	MaxDepth            = 32       // nesting of JSON
	MaxKeys             = 1000     // keys of one JSON object
	MaxIDBytes          = 255      // user id, anonymous id, message id, device token (tokens up to 4096)
	MaxTokenBytes       = 4096     // a device's push token
	MaxNameBytes        = 150      // event, attribute and property names
	MaxValueBytes       = 64 << 10 // one value
	MaxAttributes       = 1000     // attributes of a person
	MaxEventNames       = 10000    // event names of a workspace
	MaxAttributeNames   = 10000    // names of attributes of a workspace
	MaxMerges           = 100      // merges into one person, with those into the people merged
	MaxUserIDs          = 100      // user ids of a person, aliases included
	MaxAnonymousIDs     = 1000     // anonymous ids of a person
	MaxDevices          = 100      // devices of a person
	MaxWaiting          = 10000    // items that wait under one anonymous id
	MaxWaitingBytes     = 64 << 20 // of those items together, as stored

	MaxConditionDepth = 16   // nesting of a definition
	MaxConditions     = 500  // conditions of a definition, those of where included
	MaxListValues     = 1000 // values of is_any_of, is_none_of
	MaxPatternBytes   = 1000 // a pattern or an expression
	MaxSequenceSteps  = 10
	MaxPeriods        = 366 // of_last of regularly

	MaxTemplateBytes   = 256 << 10 // one text of a template as written; one of MJML also as compiled, times 4
	MaxTagBytes        = 2048      // one Liquid tag
	MaxTemplateNesting = 32        // blocks of Liquid in each other; elements of MJML
	MaxRendered        = 1 << 20   // bytes of one text of a message, and of any value on the way to it
	MaxRenderWork      = 8 << 20   // bytes that the filters and captures of one message go through together
	MaxIterations      = 10_000    // of all loops of one message together
	MaxLinks           = 1000      // that lead to the web, of one text of a message
	MaxRenderMillis    = 5000      // to render one message: what is left when all that is counted was not enough
)

// Limits returns the table, in the order it is shown. The slice is the caller's.
func Limits() []Limit {
	return []Limit{
		{"body", MaxBody, "bytes", "a request body after decompression"},
		{"compression_ratio", MaxCompressionRatio, ":1", "decompressed to compressed size"},
		{"item", MaxItem, "bytes", "one item as sent"},
		{"items", MaxItems, "items", "items of one batch"},
		{"depth", MaxDepth, "levels", "nesting of JSON"},
		{"keys", MaxKeys, "keys", "keys of one JSON object"},
		{"id", MaxIDBytes, "bytes", "a user, anonymous or message id"},
		{"token", MaxTokenBytes, "bytes", "a device token"},
		{"name", MaxNameBytes, "bytes", "an event, attribute or property name"},
		{"value", MaxValueBytes, "bytes", "one value"},
		{"attributes", MaxAttributes, "attributes", "attributes of one person"},
		{"event_names", MaxEventNames, "names", "event names of a workspace"},
		{"attribute_names", MaxAttributeNames, "names", "names of attributes of a workspace"},
		{"merges", MaxMerges, "merges", "merges into one person, with those into the people merged"},
		{"user_ids", MaxUserIDs, "ids", "user ids of one person, aliases included"},
		{"anonymous_ids", MaxAnonymousIDs, "ids", "anonymous ids of one person"},
		{"devices", MaxDevices, "devices", "devices of one person"},
		{"waiting", MaxWaiting, "items", "items that wait under one anonymous id"},
		{"waiting_bytes", MaxWaitingBytes, "bytes", "items that wait under one anonymous id together"},
		{"condition_depth", MaxConditionDepth, "levels", "nesting of a definition"},
		{"conditions", MaxConditions, "conditions", "conditions of a definition"},
		{"list_values", MaxListValues, "values", "values in one list of a definition"},
		{"pattern", MaxPatternBytes, "bytes", "a pattern or an expression"},
		{"sequence_steps", MaxSequenceSteps, "steps", "steps of a sequence"},
		{"periods", MaxPeriods, "periods", "of_last of regularly"},
		{"template", MaxTemplateBytes, "bytes", "one text of a template"},
		{"tag", MaxTagBytes, "bytes", "one tag of a template"},
		{"template_nesting", MaxTemplateNesting, "levels", "nesting of a template"},
		{"rendered", MaxRendered, "bytes", "one text of a message, and any value on the way to it"},
		{"render_work", MaxRenderWork, "bytes", "what the filters of one message go through together"},
		{"iterations", MaxIterations, "iterations", "of all loops of one message together"},
		{"links", MaxLinks, "links", "that lead to the web, of one text of a message"},
		{"render_time", MaxRenderMillis, "ms", "to render one message"},
	}
}
