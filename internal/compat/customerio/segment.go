package customerio

import (
	"fmt"
	"strconv"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/ingest"
)

// maxMembers is how many ids one call may put into a segment, or take out.
const maxMembers = 1000

func addMembers(c *call) error    { return c.members(false) }
func removeMembers(c *call) error { return c.members(true) }

// members is POST /segments/{segment}/add_customers and remove_customers. Ids that are nobody's are passed over, and
// listed.
func (c *call) members(removed bool) error {
	name := "add_customers"
	if removed {
		name = "remove_customers"
	}
	if e := c.mayChange("change the members of segments"); e != nil {
		c.item(carpel.ItemMember, name, c.body, -1).Refuse(e)
		return nil
	}
	segment, err := c.segment()
	if err != nil {
		return err
	}
	ids := c.body.Get("ids")
	if !ids.IsList() {
		return &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/ids", Message: "the ids are missing: a list"}
	}
	c.batch.Body = func(it *ingest.Item) []byte { return fmt.Appendf(nil, `{"ids":[%s]}`, it.Raw) }
	for i, n := range ids.Items() {
		if i >= maxMembers {
			return &carpel.Error{Code: carpel.CodeLimit, Pointer: "/ids", Limit: maxMembers, Actual: int64(i) + 1, Message: fmt.Sprintf("at most %d ids may be sent at once", maxMembers)}
		}
		it := c.item(carpel.ItemMember, name, n, i)
		it.Segment = &carpel.MemberChange{ID: segment.ID, Remove: removed, Cause: carpel.CauseManual}
		if fault := c.doc.ItemFault(i); fault != nil {
			it.Refuse(fault)
			continue
		}
		if err := c.member(it, n); err != nil {
			return err
		}
	}
	return nil
}

// member reads one id, of the kind that the query names.
func (c *call) member(it *ingest.Item, n ingest.Node) error {
	id := it.ID(n, "", carpel.MaxIDBytes)
	if id == "" {
		it.Refusef(carpel.CodeInvalid, "", "an id is a text that is not empty")
	}
	switch kind := c.query.Get("id_type"); kind {
	case "", "id":
		it.Person.UserID = id
	case "email":
		it.Person.Email = id
	case "cio_id":
		it.Person.Key = refOf("cio_" + id).Key
		if ref := refOf(id); ref.Key != "" {
			it.Person.Key = ref.Key
		}
	default:
		return carpel.Errorf(carpel.CodeInvalid, "%.20q is no id_type; there are id, email and cio_id", kind)
	}
	return nil
}

// segment finds the manual segment that the path names by its integer.
func (c *call) segment() (carpel.Segment, error) {
	alias, err := strconv.ParseInt(c.args[0], 10, 64)
	if err != nil {
		return carpel.Segment{}, carpel.Errorf(carpel.CodeNotFound, "a segment is named by its integer alias here, not %.60q", c.args[0])
	}
	s, err := c.door.Records.SegmentByAlias(c, c.batch.Workspace, alias)
	if err != nil {
		return s, err
	}
	if s.Kind != carpel.Manual || s.State == carpel.StateArchived {
		return s, carpel.Errorf(carpel.CodeInvalid, "the segment is not a manual one, or is archived; only a manual segment takes members")
	}
	return s, nil
}
