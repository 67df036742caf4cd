package observed

import "time"

// TagLag is how long ListTags may lag behind in the mode: fact ListTags.Tags.lag.
const TagLag = 20 * time.Second
