"""`make bench`: what devhealth takes, beside what plain git or plain SQL takes for the same, in one run."""
