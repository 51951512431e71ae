"""Design spaces, and the search that finds the best lawful design and proves how good it is."""
