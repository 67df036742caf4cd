actions["stop"] = {displayName = "Stop", iconClass = "fa fa-fw fa-stop", disabled = not atWork}
