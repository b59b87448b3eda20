package carpel

// DefaultSegments returns the segments that every new workspace starts with. The slice and the conditions are the
// caller's.
func DefaultSegments() []Segment {
	days := func(n int64) Duration { return Duration{N: n, Unit: 'd'} }
	within := func(op Op, n int64) Condition {
		return &Attribute{Name: AttrFirstSeen, Test: Test{Op: op, Duration: days(n)}}
	}
	last := func(kind ActivityKind, name string, n int64) *Activity {
		return &Activity{Kind: kind, Name: name, When: When{Kind: WhenLast, D1: days(n)}}
	}
	atLeast := func(n float64) Compare { return Compare{Op: CmpAtLeast, A: NumberValue(n)} }

	powerUsers := last(EventActivity, AnyEvent, 30)
	powerUsers.Measure = Measure{Kind: MeasureDays, Compare: atLeast(10)}
	wereActive := &Activity{Kind: EventActivity, Name: AnyEvent,
		Measure: Measure{Kind: MeasureDays, Compare: atLeast(4)},
		When:    When{Kind: WhenBetween, D1: days(60), D2: days(14)}}
	opened := last(MessageActivity, "email", 30)
	opened.Action = "opened"

	segment := func(key, name, description string, c Condition) Segment {
		return Segment{Key: key, Name: name, Description: description, Kind: Dynamic, Definition: c}
	}
	return []Segment{
		segment("signed-up-recently", "Signed up recently", "First seen within the last 7 days.", within(OpWithinLast, 7)),
		segment("have-not-logged-in-recently", "Have not logged in recently",
			"Known for more than 30 days, and viewed no page and no screen for 30 days.",
			&Group{AllOf, []Condition{within(OpMoreThanAgo, 30),
				&Group{NoneOf, []Condition{last(PageActivity, "*", 30), last(ScreenActivity, "*", 30)}}}}),
		segment("power-users", "Power users", "Active on at least 10 different days of the last 30.", powerUsers),
		segment("at-risk-of-churn", "At risk of churn", "Were active regularly until two weeks ago, and not since.",
			&Group{AllOf, []Condition{wereActive, &Group{NoneOf, []Condition{last(EventActivity, AnyEvent, 14)}}}}),
		segment("has-a-mobile-device", "Has a mobile device", "Owns an iOS or Android device.", &Device{Platform: "mobile"}),
		segment("opened-an-email-recently", "Opened an email recently", "Opened an email within the last 30 days.", opened),
		segment("unsubscribed", "Unsubscribed", "Wants no more messages.", &Attribute{Name: "unsubscribed", Test: Test{Op: OpIsTrue}}),
	}
}
