package api

import "github.com/carpel/carpel/internal/engine"

type checkOut struct{ Body engine.CheckReport }

// check compares every membership with a fresh computation.
func (a *API) check(c *call, _ *struct{}) (*checkOut, error) {
	report, err := c.Engine.Check(c, func(float64) {})
	if err != nil {
		return nil, err
	}
	report.Problems = orEmpty(report.Problems)
	return &checkOut{*report}, nil
}
