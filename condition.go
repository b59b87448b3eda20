package carpel

import "time"

// utc stands in where only the readability of a time matters.
var utc = time.UTC

// A Condition is one node of a definition: a question about a person that is answered by true or false at any
// moment. The set is closed: [*Group], [*Not], [*Attribute], [*Activity], [*Device], [*InSegment], [*Sequence],
// [*Sample], and, only inside where and has_item, [*Property]. Conditions are plain data, immutable once parsed,
// and safe to share. [ParseCondition] makes them from JSON, [ParseText] from the text form; both give only valid
// ones, so that an engine need not check again.
type Condition interface{ condition() }

// Quantifier says how many of a group's conditions must match.
type Quantifier string

// The quantifiers, as the subject keys spell them.
const (
	AllOf  Quantifier = "all"
	AnyOf  Quantifier = "any"
	NoneOf Quantifier = "none"
)

// Group combines conditions: every one (all), at least one (any), not one of them (none). Of is never empty.
type Group struct {
	Quantifier Quantifier
	Of         []Condition
}

// Not is the exact complement of one condition.
type Not struct{ Of Condition }

// Attribute asks about one attribute of the person. For, when not zero, also asks that the value has been the
// same for at least that long.
type Attribute struct {
	Name string
	Test Test
	For  Duration
}

// Property asks about one property of an event, of a device, or of an object in a list (has_item). Names that
// begin with "$context." reach into the call's context.
type Property struct {
	Name string
	Test Test
}

// ActivityKind is what an [Activity] counts.
type ActivityKind string

// The kinds of activity, as the subject keys spell them. PageName is a page held against its name instead of its
// address.
const (
	EventActivity    ActivityKind = "event"
	PageActivity     ActivityKind = "page"
	PageNameActivity ActivityKind = "page_name"
	ScreenActivity   ActivityKind = "screen"
	MessageActivity  ActivityKind = "message"
)

// AnyEvent is the event name that stands for any activity: every event, page and screen view.
const AnyEvent = "*"

// Activity asks what the person did (event, page, page_name, screen), or what happened between them and a
// message, measured within a window.
type Activity struct {
	Kind ActivityKind
	// Name is the event's exact name or "*"; the pattern of a page, page name or screen; the channel of a message
	// (email, push, webhook, any).
	Name string

	// Only for messages.
	Action   string // sent, delivered, opened, clicked, converted, bounced, failed, unsubscribed, complained, suppressed
	Campaign string // id of a campaign or broadcast, "" for every one
	Link     string // pattern of the clicked link, "" for every one
	Machine  bool   // count opens and clicks by machines too

	Where   Condition // over properties; nil for none. A list in JSON is an all group here
	Measure Measure   // zero: count at least 1
	When    When      // zero: ever
}

// MeasureKind says what is measured over the activity in the window.
type MeasureKind string

// The measures, as their keys spell them. The empty kind is count at least 1.
const (
	MeasureCount     MeasureKind = "count"
	MeasureDays      MeasureKind = "days"
	MeasureDistinct  MeasureKind = "distinct"
	MeasureSum       MeasureKind = "sum"
	MeasureAvg       MeasureKind = "avg"
	MeasureMin       MeasureKind = "min"
	MeasureMax       MeasureKind = "max"
	MeasureFirst     MeasureKind = "first"
	MeasureLast      MeasureKind = "last"
	MeasureRegularly MeasureKind = "regularly"
)

// Measure is what an [Activity] measures, and the comparison that its value must pass.
type Measure struct {
	Kind    MeasureKind
	Of      string    // distinct, sum, avg, min, max: the property
	Compare Compare   // all but first, last, regularly
	Where   Condition // first, last: what that event must satisfy

	// Only for regularly: of the last OfLast periods, at least AtLeast had at least Times events.
	Period  Duration
	OfLast  int
	Times   int
	AtLeast int
}

// CompareOp is the comparison of a measure.
type CompareOp string

// The comparisons of a measure, as their keys spell them.
const (
	CmpAtLeast  CompareOp = "at_least"
	CmpAtMost   CompareOp = "at_most"
	CmpExactly  CompareOp = "exactly"
	CmpMoreThan CompareOp = "more_than"
	CmpLessThan CompareOp = "less_than"
	CmpBetween  CompareOp = "between"
)

// Compare is a comparison with one number, or with two for between (both included). The zero Compare stands for
// at least 1.
type Compare struct {
	Op   CompareOp
	A, B Value // numbers; B only for between
}

// OrDefault returns c, or at_least 1 for the zero Compare.
func (c Compare) OrDefault() Compare {
	if c.Op == "" {
		return Compare{Op: CmpAtLeast, A: NumberValue(1)}
	}
	return c
}

// normal returns the one form of a comparison that has a default: the zero Compare for at least 1.
func (c Compare) normal() Compare {
	if c == (Compare{}).OrDefault() {
		return Compare{}
	}
	return c
}

// normal returns the one form of a measure: the zero Measure for count at least 1.
func (m Measure) normal() Measure {
	if m.Kind == MeasureCount && m.Compare.normal() == (Compare{}) {
		return Measure{}
	}
	return m
}

// Device asks whether the person owns devices (any, mobile, ios, android, web) of which each satisfies all of
// Where, counted by Count (zero: at least 1).
type Device struct {
	Platform string
	Where    Condition // over properties; nil for none
	Count    Compare
}

// InSegment asks for membership of another segment, by id or key, as its serving version has it.
type InSegment struct{ Ref string }

// Sequence asks for several activities in order: each step a different event, not earlier than the one before,
// all in the window, the last at most Within (zero: any time) after the first. Steps have no measure and no
// window of their own. LastNot turns the last step round: nothing of its kind followed within Within of the step
// before, and that time has passed.
type Sequence struct {
	Steps   []*Activity
	LastNot bool
	Within  Duration
	When    When
}

// Sample asks for a stable random share of people.
type Sample struct {
	Percent float64 // 0 to 100
	Seed    string
}

func (*Group) condition()     {}
func (*Not) condition()       {}
func (*Attribute) condition() {}
func (*Property) condition()  {}
func (*Activity) condition()  {}
func (*Device) condition()    {}
func (*InSegment) condition() {}
func (*Sequence) condition()  {}
func (*Sample) condition()    {}

// Op is an operator of an attribute or property condition.
type Op string

// The operators, as definitions spell them.
const (
	OpIs                    Op = "is"
	OpIsNot                 Op = "is_not"
	OpIsAnyOf               Op = "is_any_of"
	OpIsNoneOf              Op = "is_none_of"
	OpContains              Op = "contains"
	OpDoesNotContain        Op = "does_not_contain"
	OpStartsWith            Op = "starts_with"
	OpEndsWith              Op = "ends_with"
	OpDoesNotStartWith      Op = "does_not_start_with"
	OpDoesNotEndWith        Op = "does_not_end_with"
	OpMatches               Op = "matches"
	OpDoesNotMatch          Op = "does_not_match"
	OpGreaterThan           Op = "greater_than"
	OpLessThan              Op = "less_than"
	OpAtLeast               Op = "at_least"
	OpAtMost                Op = "at_most"
	OpBetween               Op = "between"
	OpExists                Op = "exists"
	OpDoesNotExist          Op = "does_not_exist"
	OpIsTrue                Op = "is_true"
	OpIsFalse               Op = "is_false"
	OpBefore                Op = "before"
	OpAfter                 Op = "after"
	OpOn                    Op = "on"
	OpWithinLast            Op = "within_last"
	OpMoreThanAgo           Op = "more_than_ago"
	OpWithinNext            Op = "within_next"
	OpMoreThanAhead         Op = "more_than_ahead"
	OpAnniversaryWithinNext Op = "anniversary_within_next"
	OpIsTime                Op = "is_time"
	OpHasItem               Op = "has_item"
)

// Positive returns the operator that op is the complement of, and true; or op itself and false when op is not a
// negative one. A negative operator is the exact complement of its positive one.
func (op Op) Positive() (Op, bool) {
	switch op {
	case OpIsNot:
		return OpIs, true
	case OpIsNoneOf:
		return OpIsAnyOf, true
	case OpDoesNotContain:
		return OpContains, true
	case OpDoesNotStartWith:
		return OpStartsWith, true
	case OpDoesNotEndWith:
		return OpEndsWith, true
	case OpDoesNotMatch:
		return OpMatches, true
	case OpDoesNotExist:
		return OpExists, true
	}
	return op, false
}

// Test is an operator with its operands. Which fields are set follows from Op.
type Test struct {
	Op Op
	// Value is the single operand: of is and is_not a text, number or boolean; of the text operators a text (the
	// pattern of contains, the expression of matches); of the numeric ones a number; of before, after and on a
	// text or number readable as a time (of on a date).
	Value  Value
	Values []Value // is_any_of, is_none_of: the list; between: low and high
	// Duration of within_last, more_than_ago, within_next, more_than_ahead; of anniversary_within_next whole days,
	// which may be zero.
	Duration  Duration
	Item      Condition // has_item: over properties
	MatchCase bool
}

// WhenKind is the kind of a window.
type WhenKind string

// The windows, as their keys spell them. The empty kind is ever.
const (
	WhenEver             WhenKind = ""
	WhenLast             WhenKind = "last"               // now - D1 < t <= now
	WhenBeforeLast       WhenKind = "before_last"        // t <= now - D1
	WhenBetween          WhenKind = "between"            // now - D1 < t <= now - D2, D1 longer
	WhenDates            WhenKind = "dates"              // From <= t < Before, either may be unset ({"from":…,"before":…})
	WhenLastCalendarDays WhenKind = "last_calendar_days" // from the local midnight N days before today's on
	WhenThis             WhenKind = "this"               // the current calendar Period
	WhenPrevious         WhenKind = "previous"           // the one before
)

// When is the window of an activity. An event counts from its own time on, whatever the window: one dated in the
// future not before then.
type When struct {
	Kind         WhenKind
	D1, D2       Duration
	From, Before Value // readable as times; a bare date is its local midnight
	N            int
	Period       string // day, week (from Monday), month, quarter, year
}

// Bounds returns the window at the moment now as a half-open range of times [lo, hi). hi is at most now+1. An
// empty window has hi <= lo.
func (w When) Bounds(now Millis, zone *time.Location) (lo, hi Millis) {
	lo, hi = Millis(-1<<62), now+1
	switch w.Kind {
	case WhenLast:
		lo = now - w.D1.Millis() + 1
	case WhenBeforeLast:
		hi = now - w.D1.Millis() + 1
	case WhenBetween:
		lo, hi = now-w.D1.Millis()+1, now-w.D2.Millis()+1
	case WhenDates:
		if t, ok := w.From.AsTime(zone); ok {
			lo = t
		}
		if t, ok := w.Before.AsTime(zone); ok {
			hi = min(hi, t)
		}
	case WhenLastCalendarDays:
		lo = DateOf(now, zone).AddDays(-w.N).Midnight(zone)
	case WhenThis:
		lo = periodStart(DateOf(now, zone), w.Period, 0).Midnight(zone)
	case WhenPrevious:
		d := DateOf(now, zone)
		lo = periodStart(d, w.Period, -1).Midnight(zone)
		hi = min(hi, periodStart(d, w.Period, 0).Midnight(zone))
	}
	return lo, hi
}

// NextShift returns the first moment after now at which Bounds moves for a reason other than the steady passing of
// time: the next local midnight that begins a new calendar period. Never for windows that have none.
func (w When) NextShift(now Millis, zone *time.Location) Millis {
	switch w.Kind {
	case WhenLastCalendarDays:
		return DateOf(now, zone).AddDays(1).Midnight(zone)
	case WhenThis, WhenPrevious:
		return periodStart(DateOf(now, zone), w.Period, 1).Midnight(zone)
	}
	return Never
}

// periodStart returns the first day of the calendar period that holds d, or of the one n periods later.
func periodStart(d Date, period string, n int) Date {
	switch period {
	case "week":
		weekday := int(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Weekday()+6) % 7
		return d.AddDays(-weekday + 7*n)
	case "month":
		return Date{d.Year, d.Month + time.Month(n), 1}.AddDays(0)
	case "quarter":
		first := (int(d.Month)-1)/3*3 + 1
		return Date{d.Year, time.Month(first + 3*n), 1}.AddDays(0)
	case "year":
		return Date{d.Year + n, 1, 1}
	}
	return d.AddDays(n)
}

// periods are what a calendar window may name.
var periods = []string{"day", "week", "month", "quarter", "year"}
