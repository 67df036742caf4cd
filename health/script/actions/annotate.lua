local annotations = obj.metadata.annotations or {}
