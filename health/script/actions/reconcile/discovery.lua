actions["reconcile"] = {displayName = "Reconcile", iconClass = "fa fa-fw fa-sync"}
