"""What a changed or proposed rule would do: the best answer to it, who is caught, who slips through."""
