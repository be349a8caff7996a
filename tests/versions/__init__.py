"""Whether devhealth works with the versions of other programs that it says it does: `make versions`."""
