package carpel

// Sending is how the messages of a workspace go out. The zero value sends without caps, quiet hours and topics.
type Sending struct {
	From    string  `json:"from,omitempty"`    // "Name <address>" of messages whose template and channel have none
	Address string  `json:"address,omitempty"` // postal address, for the foot of emails: {{ workspace.address }}
	Topics  []Topic `json:"topics,omitempty"`
	Caps    []Cap   `json:"caps,omitempty"`
	Quiet   *Quiet  `json:"quiet,omitempty"`
}

// Topic is something that people may want messages about or not. Their choice is the attribute [AttrTopic] + Key.
type Topic struct {
	Key         string `json:"key"` // slug
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	OptIn       bool   `json:"opt_in,omitempty"` // wanted only when chosen; else unless refused
}

// Cap is how many messages a person gets at most.
type Cap struct {
	Kind  ChannelKind `json:"kind,omitempty"` // "" for all together
	Count int         `json:"count"`
	Hours int         `json:"hours"` // of any so many hours
}

// Quiet are the hours in which nothing that asks for consent goes out, in each person's time zone (attribute
// timezone, an IANA name; else the workspace's). What falls into them waits until To.
type Quiet struct {
	From string `json:"from"` // "21:00"
	To   string `json:"to"`   // "08:00": of the next day when not after From
}
