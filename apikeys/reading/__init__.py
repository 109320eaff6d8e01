"""Reading the counters: what an organisation used, when, how well it went, at what cost."""
