"""What the receiving server said: from text to replies, from replies to verdicts."""
