package carpel

// test reads an operator and its operand.
func (p *textParser) test(depth int) Test {
	var t Test
	p.operator(&t, depth)
	if p.take("match case") {
		t.MatchCase = true
	}
	return t
}

// operandKind is what follows an operator in the text form.
type operandKind int

const (
	noOperand operandKind = iota
	valueOperand
	textOperand
	numberOperand
	listOperand
	rangeOperand
	spanOperand
)

// textOps are the operators by their phrases; longer phrases come before their beginnings. The first phrase of an
// operator is that of [FormatText].
var textOps = []struct {
	phrase  string
	op      Op
	operand operandKind
}{
	{"is a time", OpIsTime, noOperand}, {"is not set", OpDoesNotExist, noOperand}, {"is set", OpExists, noOperand},
	{"is any of", OpIsAnyOf, listOperand}, {"is one of", OpIsAnyOf, listOperand}, {"is in", OpIsAnyOf, listOperand},
	{"is none of", OpIsNoneOf, listOperand}, {"is not any of", OpIsNoneOf, listOperand}, {"is not one of", OpIsNoneOf, listOperand}, {"is not in", OpIsNoneOf, listOperand},
	{">=", OpAtLeast, numberOperand}, {"is at least", OpAtLeast, numberOperand}, {"at least", OpAtLeast, numberOperand},
	{"<=", OpAtMost, numberOperand}, {"is at most", OpAtMost, numberOperand}, {"at most", OpAtMost, numberOperand},
	{">", OpGreaterThan, numberOperand}, {"is greater than", OpGreaterThan, numberOperand}, {"greater than", OpGreaterThan, numberOperand},
	{"<", OpLessThan, numberOperand}, {"is less than", OpLessThan, numberOperand}, {"less than", OpLessThan, numberOperand},
	{"between", OpBetween, rangeOperand}, {"is between", OpBetween, rangeOperand},
	{"within last", OpWithinLast, spanOperand}, {"within the last", OpWithinLast, spanOperand}, {"is within the last", OpWithinLast, spanOperand}, {"is within last", OpWithinLast, spanOperand},
	{"within next", OpWithinNext, spanOperand}, {"within the next", OpWithinNext, spanOperand}, {"is within the next", OpWithinNext, spanOperand}, {"is within next", OpWithinNext, spanOperand},
	{"anniversary within next", OpAnniversaryWithinNext, spanOperand}, {"has its anniversary within the next", OpAnniversaryWithinNext, spanOperand},
	{"before", OpBefore, valueOperand}, {"is before", OpBefore, valueOperand}, {"after", OpAfter, valueOperand}, {"is after", OpAfter, valueOperand},
	{"on", OpOn, textOperand}, {"is on", OpOn, textOperand},
	{"is not", OpIsNot, valueOperand}, {"is_true", OpIsTrue, noOperand}, {"is_false", OpIsFalse, noOperand},
	{"is", OpIs, valueOperand}, {"=", OpIs, valueOperand}, {"!=", OpIsNot, valueOperand}, {"equals", OpIs, valueOperand},
	{"does not contain", OpDoesNotContain, textOperand}, {"contains", OpContains, textOperand},
	{"starts with", OpStartsWith, textOperand}, {"ends with", OpEndsWith, textOperand},
	{"does not start with", OpDoesNotStartWith, textOperand}, {"does not end with", OpDoesNotEndWith, textOperand},
	{"does not match", OpDoesNotMatch, textOperand}, {"matches", OpMatches, textOperand},
	{"does not exist", OpDoesNotExist, noOperand}, {"exists", OpExists, noOperand},
}

func (p *textParser) operator(t *Test, depth int) {
	switch {
	case p.err != nil:
		return
	case p.is("more", "than"), p.is("is", "more", "than"):
		p.take("is")
		p.i += 2
		p.moreThan(t)
		return
	case p.is("has", "item", "("):
		p.i += 2
		t.Op, t.Item = OpHasItem, p.inner(depth)
		return
	}
	for _, o := range textOps {
		if p.take(o.phrase) {
			t.Op = o.op
			p.testOperand(t, o.operand)
			return
		}
	}
	p.fail("an operator: is, is not, contains, >, exists, within last …")
}

// moreThan reads what follows more than: a duration and ago or ahead, or a number.
func (p *textParser) moreThan(t *Test) {
	if p.numberAt(0) {
		if _, ok := p.unitAt(1); !ok {
			t.Op, t.Value = OpGreaterThan, p.number()
			return
		}
	}
	t.Op, t.Duration = OpMoreThanAgo, p.duration()
	if p.take("ahead") {
		t.Op = OpMoreThanAhead
	} else {
		p.need("ago")
	}
}

// unitAt returns the unit of duration that the token n places ahead is.
func (p *textParser) unitAt(n int) (byte, bool) {
	if p.i+n >= len(p.tokens) || p.tokens[p.i+n].quoted {
		return 0, false
	}
	return durationUnit(p.tokens[p.i+n].text)
}

func (p *textParser) testOperand(t *Test, kind operandKind) {
	switch kind {
	case valueOperand:
		t.Value = p.value()
	case textOperand:
		t.Value = TextValue(p.string("a text"))
	case numberOperand:
		t.Value = p.number()
	case listOperand:
		t.Values = p.values()
	case rangeOperand:
		low := p.number()
		p.need("and")
		t.Values = []Value{low, p.number()}
	case spanOperand:
		t.Duration = p.duration()
	}
}

// values reads a list in parentheses.
func (p *textParser) values() []Value {
	p.need("(")
	vs := []Value{p.value()}
	for p.take(",") || p.take("or") {
		vs = append(vs, p.value())
	}
	p.need(")")
	return vs
}
