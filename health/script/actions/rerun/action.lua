local now = require("os").date("!%Y-%m-%dT%H:%M:%SZ")
annotations["reconcile.fluxcd.io/requestedAt"] = now
annotations["reconcile.fluxcd.io/forceAt"] = now
obj.metadata.annotations = annotations
return obj
