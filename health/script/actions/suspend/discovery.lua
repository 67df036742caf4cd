local suspended = annotations["sagemaker.gitops.dev/suspend"] == "true"
local inSpec = obj.spec ~= nil and obj.spec.suspend == true
actions["suspend"] = {displayName = "Suspend", iconClass = "fa fa-fw fa-pause", disabled = suspended or inSpec}
