"""What the console shows, as plain values: no terminal, no Textual, no waiting. Widgets draw what these say."""
