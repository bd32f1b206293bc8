"""The command line, one module a noun; `grammar` puts them together and loads each when it is asked for."""
