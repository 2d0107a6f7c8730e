"""One page a module. Each has `show()`, reads the Report of this tab and computes nothing."""
