"""The same console in a browser of this machine: `watchdeck web`. What it shows is the console's own."""
