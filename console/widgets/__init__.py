"""The parts of a screen. Each draws a view model and owns its CSS, keys and messages."""
