"""Where a statement comes from, from when until when it holds, how sure it is; and the reader of all data files."""
