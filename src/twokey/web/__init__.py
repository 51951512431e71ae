"""The web application, the JSON interface and the server for assistants; they see only the public verbs."""
