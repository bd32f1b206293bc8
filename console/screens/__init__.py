"""What fills the terminal. Screens render and dispatch; what is shown is in `console.views`."""
