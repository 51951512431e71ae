"""The law as dated data: one tree of tests for each rule, read exactly, over arrays and over boxes."""
