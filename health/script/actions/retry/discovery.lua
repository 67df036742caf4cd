actions["retry"] = {displayName = "Try again", iconClass = "fa fa-fw fa-redo", disabled = stands.Stalled == nil}
