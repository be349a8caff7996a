"""One operator a step: each calls one function of `devhealth.pipelines` and hands on counts, windows and paths only."""
