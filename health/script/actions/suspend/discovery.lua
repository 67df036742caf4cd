local suspended, inSpec = annotations["sagemaker.gitops.dev/suspend"] == "true", spec.suspend == true
actions["suspend"] = {displayName = "Suspend", iconClass = "fa fa-fw fa-pause", disabled = suspended or inSpec}
