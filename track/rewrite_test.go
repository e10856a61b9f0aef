package track

import "flag"

// rewrite has the scenarios' expectations replaced by what the code says.
var rewrite = flag.Bool("rewrite", false, "rewrite the expectations of testdata")
