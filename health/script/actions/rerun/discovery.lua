actions["rerun"] = {displayName = "Run again", iconClass = "fa fa-fw fa-redo", disabled = atWork}
