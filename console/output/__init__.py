"""Between Textual and the terminal: the driver, colours, glyphs."""
