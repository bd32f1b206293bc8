"""Reports: one document of blocks, and how it reads as Markdown, HTML and on a terminal. Not what they say."""
