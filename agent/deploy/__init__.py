"""What a deployment puts on a host beside the agent itself: one shell script. Who sends it is `console.deploy`."""
