"""Where bounces are read from: one file an input format."""
