-- What is suspended in git is resumed in git.
actions["resume"] = {displayName = "Resume", iconClass = "fa fa-fw fa-play", disabled = not suspended}
