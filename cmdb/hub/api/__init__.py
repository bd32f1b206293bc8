"""What people's programs may ask the hub: one module per noun, each a table of its verbs."""
