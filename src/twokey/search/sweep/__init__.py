"""Long runs over spaces, days, workloads and rules: resumable, with the same final bytes however they were cut up."""
