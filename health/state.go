package health

// State is the class of an AWS status, the same for every kind.
type State int

const (
	// StateUnknown is a status that this version does not know. It is busy:
	// never ready and never failed.
	StateUnknown State = iota
	// StateCreating is being built.
	StateCreating
	// StateRunning is a job at work.
	StateRunning
	// StateUpdating is being changed; it may serve meanwhile.
	StateUpdating
	// StateRollingBack is being changed back.
	StateRollingBack
	// StateStopping is being stopped.
	StateStopping
	// StateDeleting is being deleted.
	StateDeleting
	// StateDone has settled well: completed, in service, created.
	StateDone
	// StateStopped has been stopped.
	StateStopped
	// StateFailed has failed.
	StateFailed
	// StateUpdateFailed exists as it was before an update that failed.
	StateUpdateFailed
	// StateRollbackFailed is left between two configurations.
	StateRollbackFailed
	// StateDeleteFailed exists although AWS was asked to delete it.
	StateDeleteFailed
	// StateGone is deleted, and AWS still tells of it.
	StateGone
)

// String returns the name of the class.
func (s State) String() string {
	names := [...]string{
		"Unknown", "Creating", "Running", "Updating", "RollingBack", "Stopping", "Deleting",
		"Done", "Stopped", "Failed", "UpdateFailed", "RollbackFailed", "DeleteFailed", "Gone",
	}
	if s < 0 || int(s) >= len(names) {
		return names[StateUnknown]
	}

	return names[s]
}

// Busy says that AWS is at work and the state will change by itself.
func (s State) Busy() bool {
	return s < StateDone
}

// Settled says that the state stays until somebody acts. It is the opposite
// of Busy.
func (s State) Settled() bool {
	return !s.Busy()
}

// Broken says that the state is an ending nobody wished for.
func (s State) Broken() bool {
	return s >= StateFailed && s <= StateDeleteFailed
}
