local now = require("os").date("!%Y-%m-%dT%H:%M:%SZ")
annotations["sagemaker.gitops.dev/stop"] = now
obj.metadata.annotations = annotations
return obj
