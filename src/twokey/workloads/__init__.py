"""LLM architectures, requests and parallel layouts, turned into lists of operators for one device."""
