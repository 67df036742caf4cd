package identity

// Frozen is a row of TableB.
type Frozen struct {
	Defaults map[string]any `json:"defaults,omitempty"`
	Sets     []string       `json:"sets,omitempty"`
}

// TableB is what makes no difference in a request of hash version b, by kind.
func TableB() map[string]Frozen {
	all := map[string]Frozen{}
	for kind, row := range tableB {
		all[kind] = Frozen{row.defaults, row.sets}
	}
	return all
}
