"""Where the stages meet: plan, fetch, process, store, finish, and the metrics after them."""
