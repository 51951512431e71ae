"""Time of operators, phases and workloads on a chip: one readable definition, and fast kernels equal to it."""
